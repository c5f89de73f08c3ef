package gateway

import (
	"net/http"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"github.com/bitcraps/bitcraps/gateway/internal/openapi"
)

// serveDocs serves the OpenAPI document and a page to read and try it, with everything that the page needs.
func serveDocs(mux *http.ServeMux) {
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openapi.Document) // The client may be gone.
	})
	page := v5emb.NewHandlerWithConfig(swgui.Config{Title: "BitCraps API", SwaggerJSON: "/openapi.json", BasePath: "/docs/", HideCurl: false})
	mux.Handle("GET /docs/", withPagePolicy(page))
	mux.Handle("GET /{$}", http.RedirectHandler("/docs/", http.StatusFound))
}

// withPagePolicy lets the page run its own scripts and styles, and no others.
func withPagePolicy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}
