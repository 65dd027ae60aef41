package httpapi

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/docpage"
)

// serveDocs serves the document as a page for people, made when the first one asks.
func (s *Server) serveDocs(e *gin.Engine) {
	page := sync.OnceValues(func() ([]byte, error) {
		return docpage.Write(s.doc.spec, s.PublicURL, "/docs/page.css", "/docs/page.js")
	})
	serve := func(path, kind string, body func() ([]byte, error)) {
		answer := func(c *gin.Context) {
			text, err := body()
			if err != nil {
				s.fail(c, fmt.Errorf("documentation: %w", err))
				return
			}
			c.Header("Content-Security-Policy", docpage.Policy)
			c.Header("Cache-Control", "no-cache")
			c.Data(http.StatusOK, kind, text)
		}
		e.GET(path, answer)
		e.HEAD(path, answer)
	}
	serve("/docs", "text/html; charset=utf-8", page)
	serve("/docs/page.css", "text/css; charset=utf-8", func() ([]byte, error) { return docpage.Style, nil })
	serve("/docs/page.js", "text/javascript; charset=utf-8", func() ([]byte, error) { return docpage.Script, nil })
}
