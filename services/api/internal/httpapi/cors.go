package httpapi

import (
	"net/http"
	"time"

	"github.com/rs/cors"
)

// preflightFor is how long a browser may remember that it may call.
const preflightFor = 10 * time.Minute

// allowOrigins lets pages of other origins call the API. They need a key: what a browser
// adds by itself, such as the session's cookie, is never taken from them.
func allowOrigins(origins []string, h http.Handler) http.Handler {
	if len(origins) == 0 {
		return h
	}
	shared := cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{
			"Accept", "Authorization", "Content-Type", headerRepeat, "If-Match", "If-None-Match", "Last-Event-ID", "X-Request-ID",
		},
		ExposedHeaders: []string{
			"Content-Disposition", "Deprecation", "ETag", headerReplayed, "Link", headerLimit, headerPolicy, "Retry-After", "Sunset", "X-Request-ID",
		},
		MaxAge: int(preflightFor.Seconds()),
	}).Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if underAPI(r.URL.Path) || r.URL.Path == "/openapi.json" || r.URL.Path == "/openapi.yaml" {
			shared.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}
