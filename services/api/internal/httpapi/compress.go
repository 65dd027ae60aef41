package httpapi

import (
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"
)

const (
	// minCompressed is the answer in bytes below which compressing it saves nothing.
	minCompressed = 1 << 10
	// compressedTag is what the ETag of a compressed answer ends with: it is another form.
	compressedTag = "-gzip"
	// compressedNoise is by how many bytes at most the length of a compressed answer is
	// blurred, so that lengths tell little of what is in it.
	compressedNoise = 32
)

// compressible are the types of answers that are worth it. A stream of events is none: each
// must go out at once.
var compressible = map[string]bool{
	"application/json": true, "application/problem+json": true, "application/yaml": true, "text/csv": true, "text/plain": true,
	"text/html": true, "text/css": true, "text/javascript": true, "application/javascript": true, "image/svg+xml": true,
	"application/atom+xml": true, "application/manifest+json": true,
}

// showsSecret names the operations whose answers show a secret, or may. They are not
// compressed: next to text that somebody else chose, its length could betray it (BREACH).
var showsSecret = map[string]bool{
	"createApiKey": true, "rotateApiKey": true, "createRegion": true, "legacyCreateRegion": true, "beginTotp": true,
	"confirmTotp": true, "renewRecoveryCodes": true, "rotateHeartbeat": true, "createMonitor": true, "cloneMonitor": true,
	"createInvitation": true, "resendInvitation": true,
}

// compressed compresses what a handler answers, for clients that take it. The handler sees
// the tags of its own answers in what they send.
func compressed(h http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(minCompressed), gzhttp.EnableZstd(false), gzhttp.SuffixETag(compressedTag),
		gzhttp.RandomJitter(compressedNoise, 0, false),
		gzhttp.ContentTypeFilter(func(kind string) bool {
			kind, _, err := mime.ParseMediaType(kind)
			return err == nil && compressible[kind]
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("compress answers: %w", err)
	}
	return wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"If-Match", "If-None-Match"} {
			for i, tags := range r.Header[name] {
				r.Header[name][i] = strings.ReplaceAll(tags, compressedTag+`"`, `"`)
			}
		}
		h.ServeHTTP(w, r)
	})), nil
}

// plain keeps an operation's answer from being compressed.
func plain(c *gin.Context, op string) {
	if showsSecret[op] {
		c.Header(gzhttp.HeaderNoCompression, "1")
	}
}
