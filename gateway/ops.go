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

// opsRoute determines who may read the operations page's data, besides requests from this machine.
var opsRoute = Route{Method: http.MethodGet, Path: ops.Path + "/data", Status: http.StatusOK,
	Rule: access.Rule{RequiresPlayer: true, Roles: []optionsv1.Role{optionsv1.Role_ROLE_OPERATOR, optionsv1.Role_ROLE_AUDITOR}}}

// serveOps serves the operations page, for a process that has the metrics of all services.
func (g *Gateway) serveOps(mux *http.ServeMux, deps Deps) {
	g.ops = ops.New(ops.Deps{Gatherer: deps.Gatherer, Checks: g.checks, Game: gamev1.NewGameServiceClient(deps.Game), Clock: deps.Clock, Logger: g.logger})
	page := ops.Page()
	mux.Handle("GET "+ops.Path, http.RedirectHandler(ops.Path+"/", http.StatusMovedPermanently))
	mux.HandleFunc("GET "+ops.Path+"/", func(w http.ResponseWriter, r *http.Request) {
		recordOf(r.Context()).route = ops.Path + "/"
		page.ServeHTTP(w, r)
	})
	mux.Handle("GET "+opsRoute.Path, g.addressMiddleware(http.HandlerFunc(g.serveOpsData)))
}

func (g *Gateway) serveOpsData(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	recordOf(ctx).route = opsRoute.Path
	if !g.isLocal(r) {
		if _, err := g.auth.authenticate(ctx, w, r, opsRoute); err != nil {
			g.writeError(ctx, w, r, err)
			return
		}
	}
	// If it is not a number, all samples are returned.
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(g.ops.Data(after)) // The client may be gone.
}

// isLocal reports whether a request was made on this machine, to one of its own names. A page of another site whose name resolves to
// this machine (DNS rebinding) is refused by the name; a request forwarded by a proxy is refused by the proxy's headers, or because
// trusted proxies are configured.
func (g *Gateway) isLocal(r *http.Request) bool {
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
