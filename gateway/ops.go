package gateway

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/bitcraps/bitcraps/gateway/internal/ops"
	"github.com/bitcraps/bitcraps/libs/access"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// opsRoute is who may see what the operations page shows, beside those who sit at this machine.
var opsRoute = Route{Method: http.MethodGet, Path: ops.Path + "/data", Status: http.StatusOK,
	Rule: access.Rule{Person: true, Roles: []optionsv1.Role{optionsv1.Role_ROLE_OPERATOR, optionsv1.Role_ROLE_AUDITOR}}}

// serveOps serves the operations page where this process has the metrics of all services.
func (g *Gateway) serveOps(mux *http.ServeMux, deps Deps) {
	g.ops = ops.New(ops.Deps{Gatherer: deps.Gatherer, Checks: g.checks, Game: gamev1.NewGameServiceClient(deps.Game), Clock: deps.Clock, Logger: g.logger})
	page := ops.Page()
	mux.Handle("GET "+ops.Path, http.RedirectHandler(ops.Path+"/", http.StatusMovedPermanently))
	mux.HandleFunc("GET "+ops.Path+"/", func(w http.ResponseWriter, r *http.Request) {
		recordOf(r.Context()).route = ops.Path + "/"
		page.ServeHTTP(w, r)
	})
	mux.Handle("GET "+opsRoute.Path, g.perAddress(http.HandlerFunc(g.serveOpsData)))
}

func (g *Gateway) serveOpsData(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	recordOf(ctx).route = opsRoute.Path
	if !g.atThisMachine(r) {
		if _, err := g.signIn.authenticated(ctx, w, r, opsRoute); err != nil {
			g.writeError(ctx, w, r, err)
			return
		}
	}
	// Where it is no number, all samples are behind it.
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(g.ops.Data(after)) // The client may be gone.
}

// atThisMachine is whether a request was made on this machine and by a name of it. A page of a stranger's whose own name leads
// here is refused by the name, and what a proxy forwards by the proxy's headers, or because there are proxies at all.
func (g *Gateway) atThisMachine(r *http.Request) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !remote.Addr().Unmap().IsLoopback() || len(g.cfg.Network.TrustedProxies) > 0 {
		return false
	}
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
