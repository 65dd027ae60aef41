package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

// The keys under which middleware leaves things in Gin's context.
const (
	keyRequest   = "request_id"
	keyOperation = "operation"
)

type callerKey struct{}

// callerOf returns who calls; admit has put it there for every operation.
func callerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

func requestID(c *gin.Context) string { return c.GetString(keyRequest) }

func operationOf(c *gin.Context) string {
	if id := c.GetString(keyOperation); id != "" {
		return id
	}
	return "none"
}

var sentID = regexp.MustCompile(`^[A-Za-z0-9._:-]{8,64}$`)

// identify names the request, as its caller did or afresh.
func (s *Server) identify(c *gin.Context) {
	id := c.GetHeader("X-Request-ID")
	if !sentID.MatchString(id) {
		id = uptime.NewID(s.Now()).String()
	}
	c.Set(keyRequest, id)
	c.Header("X-Request-ID", id)
	if op := s.ops[c.Request.Method+" "+c.FullPath()]; op != nil {
		c.Set(keyOperation, op.id)
	}
}

// observe logs and counts each request. What may hold a secret is not logged: no
// query, no header, no body; the path of an API route holds ids only, or it is not
// logged as it was called.
func (s *Server) observe(c *gin.Context) {
	begun := time.Now()
	c.Next()
	took := time.Since(begun)
	op := operationOf(c)
	s.metrics.request(op, c.Writer.Status(), took)
	path := c.FullPath()
	level := slog.LevelInfo
	if op == "none" { // pages, health checks, and what does not exist
		level = slog.LevelDebug
	} else if _, secret := c.Params.Get("token"); !secret {
		path = c.Request.URL.Path
	}
	caller := callerOf(c.Request.Context())
	s.log.Log(c.Request.Context(), level, "request",
		"operation", op, "method", c.Request.Method, "path", path, "status", c.Writer.Status(),
		"duration_ms", took.Milliseconds(), "bytes", c.Writer.Size(), "request_id", requestID(c),
		"key", caller.Prefix, "account", nameOf(caller.Account), "client", c.ClientIP())
}

// recover turns a panic into a problem.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(v)
		}
		s.log.ErrorContext(c.Request.Context(), "panic", "value", v, "request_id", requestID(c), "stack", string(debug.Stack()))
		if !c.Writer.Written() {
			s.fail(c, &problem{
				status: http.StatusInternalServerError, kind: "internal", title: "Internal error",
				detail: "Something went wrong on this side; the logs say more under the request id.", cause: errors.New("panic"),
			})
		}
		c.Abort()
	}()
	c.Next()
}

// harden sets the headers that keep browsers from doing with an answer what was not meant.
func (s *Server) harden(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if c.GetString(keyOperation) != "" {
		h.Set("Cache-Control", "no-store")
		plain(c, operationOf(c))
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	}
}

// admit lets an operation's handler run only for a caller that may, and only with
// parameters and a body that the document allows.
func (s *Server) admit(c *gin.Context) {
	op := s.ops[c.Request.Method+" "+c.FullPath()]
	if op == nil {
		return // not of the API
	}
	op.retired.announce(c, op.id)
	if op.most > maxBody {
		select {
		case s.bulky <- struct{}{}:
			defer func() { <-s.bulky }()
		default:
			s.fail(c, busy("Too many large bodies are being worked on."))
			return
		}
	}
	if err := s.admitted(c, op); err != nil {
		s.fail(c, err)
		return
	}
	if op.most > maxBody {
		c.Next() // here, so that the place is held until the end
	}
}

func (s *Server) admitted(c *gin.Context, op *operation) error {
	if s.Gate != nil {
		if err := s.Gate(); err != nil {
			return unavailable("Not ready: "+err.Error()+".", nil)
		}
	}
	if err := s.identified(c, op); err != nil {
		return err
	}
	for _, p := range c.Params {
		if p.Key == "id" {
			if _, err := uptime.ParseID(p.Value); err != nil {
				return notFound("object")
			}
		}
	}
	if err := admitQuery(c, op); err != nil {
		return err
	}
	if op.body == nil {
		return nil
	}
	return s.admitBody(c, op)
}

// identified lets a caller pass who may. What is changed from here on is put down to them.
func (s *Server) identified(c *gin.Context, op *operation) error {
	v := s.visitOf(c)
	ctx := context.WithValue(c.Request.Context(), visitKey{}, v)
	c.Request = c.Request.WithContext(ctx)
	if op.scope == scopeNone {
		if err := s.metered(c, op, nil); err != nil {
			return err
		}
		if doors[op.id] {
			return s.origins.check(c.Request, v.token != "")
		}
		return nil
	}
	caller, err := s.authenticate(c, v)
	if err != nil {
		return cmp.Or(s.metered(c, op, nil), err)
	}
	if err := s.metered(c, op, &caller); err != nil {
		return err
	}
	ctx = context.WithValue(ctx, callerKey{}, caller)
	if !safe(c.Request.Method) {
		ctx = postgres.WithActor(ctx, s.actor(c, &caller))
	}
	c.Request = c.Request.WithContext(ctx)
	if !suffices(caller.Scopes, op.scope) && (!caller.Org.IsZero() || !homeless[op.id]) {
		return insufficient(&caller, op.scope)
	}
	ctx, err = onBehalf(ctx, &caller, op)
	c.Request = c.Request.WithContext(ctx)
	return err
}

// actor is a caller as the histories name them.
func (s *Server) actor(c *gin.Context, caller *Caller) postgres.Actor {
	a := postgres.Actor{
		Kind: postgres.ActorKey, ID: caller.Key, Name: caller.Name, Address: c.ClientIP(), Request: requestID(c), Operation: operationOf(c),
	}
	if !caller.Account.IsZero() {
		a.Kind, a.ID = postgres.ActorAccount, caller.Account
	}
	return a
}

func insufficient(caller *Caller, need Scope) *problem {
	p := forbidden("This needs a key with the scope " + string(need) + ".")
	switch {
	case caller.Account.IsZero() && (need == scopeSelf || need == scopeOwner):
		p.detail = "This is for people who are signed in, not for keys."
	case caller.Account.IsZero():
	case caller.Org.IsZero():
		p.detail = "You belong to no organisation."
	default:
		p.detail = "In this organisation you are " + caller.Role + ", who may not do that."
	}
	return p
}

// authenticate finds out who calls: by the key, if there is an Authorization header, or
// else by the session's cookie.
func (s *Server) authenticate(c *gin.Context, v *visit) (Caller, error) {
	denied := &problem{
		status: http.StatusUnauthorized, kind: "unauthorized", title: "Unauthorized",
		detail: "Send a valid API key in the header Authorization: Bearer <key>, or sign in.",
	}
	var caller Caller
	var err error
	header := c.GetHeader("Authorization")
	switch scheme, key, ok := strings.Cut(header, " "); {
	case header == "" && v.token != "":
		caller, err = s.visitor(c.Request.Context(), v)
		if err == nil {
			err = s.origins.check(c.Request, true)
		}
	case ok && strings.EqualFold(scheme, "Bearer"):
		caller, err = s.Auth.Authenticate(c.Request.Context(), strings.TrimSpace(key))
	default:
		return Caller{}, denied
	}
	if errors.Is(err, ErrDenied) {
		denied.cause = err
		return Caller{}, denied
	}
	return caller, err
}

// visitor returns the person whose session's cookie was sent.
func (s *Server) visitor(ctx context.Context, v *visit) (Caller, error) {
	session, err := s.Sessions.Check(ctx, v.token)
	if errors.Is(err, auth.ErrDenied) {
		return Caller{}, fmt.Errorf("%w: %w", ErrDenied, err)
	}
	if err != nil {
		return Caller{}, err
	}
	caller := Caller{
		Org: session.OrgID, Account: session.AccountID, Session: session.ID, Role: session.Role, Name: session.Email,
		Scopes: roleScopes[session.Role],
	}
	if caller.Role == "" { // no longer a member of where they worked
		caller.Org, caller.Scopes = uptime.ID{}, []string{string(scopeSelf)}
	}
	return caller, nil
}

// undecoded is the problem of a body that passed its schema and yet does not decode,
// such as a whole number beyond all bounds.
func undecoded(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return invalidField(strings.ReplaceAll(wrong.Field, ".", "/"), "is not valid")
	}
	return malformed("The body could not be read.")
}

// databaseAway tells whether an error means that the database cannot be asked.
func (s *Server) databaseAway(_ *gin.Context, err error) bool { return postgres.Unavailable(err) }
