package gateway

import "net/http"

// headAsGet answers HEAD with the status and the headers of GET (RFC 9110, section 9.3.2); net/http omits the body. Streams have no
// HEAD, since their responses do not end.
func (g *Gateway) headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && g.routes.allowHead(r.URL.Path) {
			get := *r
			get.Method = http.MethodGet
			r = &get
		}
		next.ServeHTTP(w, r)
	})
}
