package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/heartbeat"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

const callsIn = "a heartbeat calls in by itself"

// recorded is the answer to a call.
const recorded = "ok\n"

// PingByGet implements [api.StrictServerInterface].
func (s *Server) PingByGet(ctx context.Context, r api.PingByGetRequestObject) (api.PingByGetResponseObject, error) {
	return api.PingByGet200TextResponse(recorded), s.ping(ctx, r.Token, r.Params)
}

// PingByHead implements [api.StrictServerInterface].
func (s *Server) PingByHead(ctx context.Context, r api.PingByHeadRequestObject) (api.PingByHeadResponseObject, error) {
	return api.PingByHead200TextResponse(""), s.ping(ctx, r.Token, api.PingByGetParams(r.Params))
}

// PingByPost implements [api.StrictServerInterface]. The body is not read.
func (s *Server) PingByPost(ctx context.Context, r api.PingByPostRequestObject) (api.PingByPostResponseObject, error) {
	return api.PingByPost200TextResponse(recorded), s.ping(ctx, r.Token, api.PingByGetParams(r.Params))
}

// ping takes a call. No problem of it shows the token.
func (s *Server) ping(ctx context.Context, token string, p api.PingByGetParams) error {
	if s.Desk == nil {
		return unavailable("Calls of heartbeats are not taken here.", nil)
	}
	err := s.Desk.Take(ctx, token, heartbeat.Call{
		Begins: deref(p.Status) == api.PingStatusStart, Failed: deref(p.Status) == api.PingStatusFail,
		Message: deref(p.Msg), Run: time.Duration(deref(p.DurationMs)) * time.Millisecond,
	})
	switch {
	case errors.Is(err, heartbeat.ErrUnknown):
		return notFound("heartbeat")
	case errors.Is(err, heartbeat.ErrTooMany):
		return busy("This heartbeat calls more often than once a second.")
	case errors.Is(err, heartbeat.ErrAway):
		return unavailable("The call could not be recorded; try again.", err)
	}
	return err
}

// RotateHeartbeat implements [api.StrictServerInterface].
func (s *Server) RotateHeartbeat(ctx context.Context, r api.RotateHeartbeatRequestObject) (api.RotateHeartbeatResponseObject, error) {
	org := callerOf(ctx).Org
	m, err := s.Store.Monitor(ctx, org, r.ID)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	if m.Kind != uptime.KindHeartbeat {
		return nil, conflict("no-heartbeat", "The monitor is no heartbeat: it has no address to call.")
	}
	next, err := s.newHeartbeat(&m)
	if err != nil {
		return nil, err
	}
	old, err := s.Store.RotateHeartbeat(ctx, org, m.ID, next.TokenHash, next.TokenSealed)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	if s.Desk != nil {
		s.Desk.Forget(old)
	}
	if m, err = s.Store.Monitor(ctx, org, r.ID); err != nil {
		return nil, fromStore(err, "monitor")
	}
	s.tellMonitor(ctx, live.Changed, &m)
	return api.RotateHeartbeat200JSONResponse(s.monitorView(ctx, &m)), nil
}

// newHeartbeat makes a token for a monitor, which must have its ids by now.
func (s *Server) newHeartbeat(m *postgres.Monitor) (*postgres.Heartbeat, error) {
	token := heartbeat.NewToken()
	hash, _ := heartbeat.HashOf(token) // it is one
	sealed, err := s.vault.SealToken(m, token)
	if err != nil {
		return nil, err
	}
	return &postgres.Heartbeat{TokenHash: hash[:], TokenSealed: sealed}, nil
}

// unasked says what a change of a heartbeat speaks of that it has not, and takes it out
// of the change.
func unasked(kind uptime.Kind, c *spec.Change) []spec.FieldError {
	if kind != uptime.KindHeartbeat {
		return nil
	}
	var errs []spec.FieldError
	refuse := func(given bool, name string) {
		if given {
			errs = append(errs, spec.FieldError{Path: []string{name}, Detail: "does not go with a heartbeat, which calls in by itself"})
		}
	}
	refuse(c.Timeout.Given && !c.Timeout.Null, "timeout_ms")
	refuse(c.Regions.Given && !c.Regions.Null, "regions")
	c.Timeout, c.Regions = spec.Field[time.Duration]{}, spec.Field[[]string]{}
	return errs
}

// heartbeatView shows what is known of a heartbeat; its address only to who may write.
func (s *Server) heartbeatView(ctx context.Context, m *postgres.Monitor) nullable.Nullable[api.HeartbeatState] {
	h := m.Heartbeat
	if h == nil {
		return null[api.HeartbeatState]()
	}
	out := api.HeartbeatState{
		PingURL: null[string](), LastAt: nullTime(h.Last.Time()), LastOk: null[bool](), LastMessage: h.Message,
		DurationMs: unlessZero(h.Run.Milliseconds()), StartedAt: nullTime(h.Started.Time()), LateAt: nullTime(h.Late.Time()),
	}
	if h.Last != 0 {
		out.LastOk = value(h.OK)
	}
	if suffices(callerOf(ctx).Scopes, scopeWrite) {
		token, err := s.vault.Token(m)
		if err != nil {
			s.log.ErrorContext(ctx, "the token of a heartbeat cannot be opened", "monitor", m.ID.String(), "err", err)
			return value(out)
		}
		out.PingURL = value(s.base(ctx) + "/v1/heartbeats/" + token)
	}
	return value(out)
}

// base is where clients reach the API: as the operator says, or as the caller did.
func (s *Server) base(ctx context.Context) string {
	if s.PublicURL != "" {
		return strings.TrimRight(s.PublicURL, "/")
	}
	c, ok := ctx.(*gin.Context)
	if !ok {
		return ""
	}
	scheme := "http"
	if c.Request.TLS != nil || s.trusts(c.Request) && strings.EqualFold(c.GetHeader("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + c.Request.Host
}

// trusts tells whether a request comes from a proxy whose headers are believed.
func (s *Server) trusts(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, p := range s.TrustedProxies {
		if p.Contains(from.Addr().Unmap()) {
			return true
		}
	}
	return false
}
