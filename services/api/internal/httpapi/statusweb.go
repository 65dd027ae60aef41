package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/statuspage"
)

// serveStatus serves the pages for the public. They are no part of the API: people read
// them, and what they link to.
func (s *Server) serveStatus(e *gin.Engine) {
	for path, serve := range map[string]gin.HandlerFunc{
		"/status":       s.statusList,
		"/status/:slug": s.statusShown("text/html; charset=utf-8", func(_ *gin.Context, of statuspage.State) ([]byte, error) { return statuspage.HTML(of) }),
		"/status/:slug/badge.svg": s.statusShown("image/svg+xml", func(c *gin.Context, of statuspage.State) ([]byte, error) {
			c.Header("Cross-Origin-Resource-Policy", "cross-origin") // other pages are to show it
			return statuspage.Badge(of), nil
		}),
		"/status/:slug/feed.atom": s.statusShown("application/atom+xml; charset=utf-8", func(c *gin.Context, of statuspage.State) ([]byte, error) {
			return statuspage.Atom(of, s.addressOf(c)+"/status/"+of.Slug)
		}),
	} {
		e.GET(path, serve)
		e.HEAD(path, serve)
	}
}

// addressOf is where the caller reaches the api.
func (s *Server) addressOf(c *gin.Context) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	return "http://" + c.Request.Host
}

// statusShown serves a public page in one of its forms.
func (s *Server) statusShown(kind string, form func(*gin.Context, statuspage.State) ([]byte, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		status, away, err := s.public.get(ctx, c.Param("slug"))
		if errors.Is(err, postgres.ErrNotFound) {
			s.statusFailure(c, http.StatusNotFound, "There is no such page", "Perhaps its address was mistyped, or it is no longer published.")
			return
		}
		var body []byte
		if err == nil {
			body, err = form(c, statuspage.State{PublicStatus: status, Now: s.Now(), Away: away})
		}
		if err != nil {
			s.log.WarnContext(ctx, "a status page cannot be shown", "slug", c.Param("slug"), "err", err)
			c.Header("Retry-After", "5")
			s.statusFailure(c, http.StatusServiceUnavailable, "How things are is not known",
				"The monitoring behind this page does not answer at present. That says nothing of what it watches.")
			return
		}
		s.statusAnswer(c, kind, body)
	}
}

func (s *Server) statusList(c *gin.Context) {
	pages, err := s.publicPages(c.Request.Context())
	var body []byte
	if err == nil {
		body, err = statuspage.List(pages)
	}
	if err != nil {
		s.log.WarnContext(c.Request.Context(), "the list of status pages cannot be shown", "err", err)
		c.Header("Retry-After", "5")
		s.statusFailure(c, http.StatusServiceUnavailable, "The pages are not known", "The monitoring behind them does not answer at present.")
		return
	}
	s.statusAnswer(c, "text/html; charset=utf-8", body)
}

// statusAnswer sends what caches may keep for as long as it is not read anew anyway.
func (s *Server) statusAnswer(c *gin.Context, kind string, body []byte) {
	sum := sha256.Sum256(body)
	h := c.Writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", statuspage.Policy)
	h.Set("Cache-Control", "public, max-age=5")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(body))
}

func (s *Server) statusFailure(c *gin.Context, status int, title, detail string) {
	body, err := statuspage.Failure(title, detail)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Security-Policy", statuspage.Policy)
	c.Header("Cache-Control", "no-store")
	c.Data(status, "text/html; charset=utf-8", body)
}
