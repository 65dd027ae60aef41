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

const badgeKind = "image/svg+xml"

// serveStatus serves the pages for the public. They are no part of the API: people read
// them, and what they link to.
func (s *Server) serveStatus(e *gin.Engine) {
	for path, serve := range map[string]gin.HandlerFunc{
		"/status":                 s.statusList,
		"/status/:slug":           s.statusShown("text/html; charset=utf-8", statuspage.HTML),
		"/status/:slug/badge.svg": s.statusShown(badgeKind, func(of statuspage.State) ([]byte, error) { return statuspage.Badge(of), nil }),
		"/status/:slug/feed.atom": s.statusShown("application/atom+xml; charset=utf-8", func(of statuspage.State) ([]byte, error) {
			return statuspage.Atom(of, s.PublicURL+"/status/"+of.Slug)
		}),
	} {
		e.GET(path, serve)
		e.HEAD(path, serve)
	}
}

// statusShown serves a public page in one of its forms.
func (s *Server) statusShown(kind string, form func(statuspage.State) ([]byte, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		status, away, err := s.public.get(ctx, c.Param("slug"))
		if errors.Is(err, postgres.ErrNotFound) {
			s.statusFailure(c, http.StatusNotFound, "There is no such page", "Perhaps its address was mistyped, or it is no longer published.")
			return
		}
		var body []byte
		if err == nil {
			body, err = s.public.written(status.Slug, kind, status, away, func(now time.Time) ([]byte, error) {
				return form(statuspage.State{PublicStatus: status, Now: now, Away: away})
			})
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
	if kind == badgeKind { // other pages are to show it
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
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
