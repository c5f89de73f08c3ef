package gateway

import (
	"net/http"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"github.com/bitcraps/bitcraps/gateway/internal/openapi"
)

// serveDocs serves the OpenAPI document, and a page to browse the document and try the API, with all of the page's assets.
func serveDocs(mux *http.ServeMux) {
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openapi.Document) // The client may be gone.
	})
	page := v5emb.NewHandlerWithConfig(swgui.Config{Title: "BitCraps API", SwaggerJSON: "/openapi.json", BasePath: "/docs/", HideCurl: false})
	mux.Handle("GET /docs/", withPageCSP(page))
	mux.Handle("GET /{$}", http.RedirectHandler("/docs/", http.StatusFound))
}

// withPageCSP sets a Content-Security-Policy that lets the page run its own scripts and styles, and no others.
func withPageCSP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}
