package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

// problem is an error that the caller is told of as RFC 9457 has it. Handlers return
// it; any other error is told as an internal one and logged in full.
type problem struct {
	status     int
	kind       string // last part of the type's URN; stable
	title      string
	detail     string
	existing   *uptime.ID
	fields     []api.FieldError
	retryAfter int   // seconds; 0: not told
	cause      error // for the log only
}

func (p *problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %v", p.kind, p.cause)
	}
	return p.kind + ": " + p.detail
}

func (p *problem) Unwrap() error { return p.cause }

// The kinds of problems. Clients may act on them, so they never change.
func notFound(what string) *problem {
	return &problem{status: http.StatusNotFound, kind: "not-found", title: "Not found", detail: "There is no such " + what + "."}
}

func malformed(detail string) *problem {
	return &problem{status: http.StatusBadRequest, kind: "malformed", title: "Malformed request", detail: detail}
}

func unavailable(what string, cause error) *problem {
	return &problem{
		status: http.StatusServiceUnavailable, kind: "unavailable", title: "Temporarily unavailable",
		detail: what, retryAfter: 5, cause: cause,
	}
}

func conflict(kind, detail string) *problem {
	return &problem{status: http.StatusConflict, kind: kind, title: "Conflict", detail: detail}
}

func forbidden(detail string) *problem {
	return &problem{status: http.StatusForbidden, kind: "forbidden", title: "Forbidden", detail: detail}
}

func busy(detail string) *problem {
	return &problem{status: http.StatusTooManyRequests, kind: "busy", title: "Too many at once", detail: detail, retryAfter: 1}
}

func duplicate(field string, existing uptime.ID) *problem {
	p := conflict("duplicate", "There is a website with the same "+field+" already; allow_duplicate permits a second one with a URL.")
	if field != "url" {
		p.detail = "There is a website with the same " + field + " already."
	}
	if !existing.IsZero() {
		p.existing = &existing
	}
	p.fields = []api.FieldError{fieldError("#/"+field, "is taken", api.FieldErrorInBody)}
	return p
}

// invalid says which fields of a body are wrong.
func invalid(in api.FieldErrorIn, errs ...shape.Error) *problem {
	p := &problem{status: http.StatusUnprocessableEntity, kind: "invalid", title: "Invalid request"}
	words := make([]string, 0, len(errs))
	for _, e := range errs {
		field := fieldError(e.Pointer, e.Detail, in)
		field.Offset = e.Offset
		p.fields = append(p.fields, field)
		words = append(words, fieldName(e.Pointer)+": "+e.Detail)
	}
	const most = 5
	if n := len(words); n > most {
		words = append(words[:most], fmt.Sprintf("and %d more", n-most))
	}
	p.detail = strings.Join(words, "; ")
	return p
}

func invalidField(name, detail string) *problem {
	return invalid(api.FieldErrorInBody, shape.Error{Pointer: "#/" + name, Detail: detail})
}

// invalidBody says what is wrong with a body as a whole.
func invalidBody(detail string) *problem {
	return invalid(api.FieldErrorInBody, shape.Error{Pointer: "#", Detail: detail})
}

func invalidParam(name, detail string) *problem {
	return invalid(api.FieldErrorInQuery, shape.Error{Pointer: "#/" + name, Detail: detail})
}

// invalidSpec tells what package spec found.
func invalidSpec(errs []spec.FieldError) *problem {
	return invalid(api.FieldErrorInBody, pointers(errs)...)
}

func pointers(errs []spec.FieldError) []shape.Error {
	out := make([]shape.Error, len(errs))
	for i, e := range errs {
		out[i] = shape.Error{Pointer: "#/" + strings.Join(e.Path, "/"), Detail: e.Detail}
	}
	return out
}

func fieldError(pointer, detail string, in api.FieldErrorIn) api.FieldError {
	return api.FieldError{Pointer: pointer, Detail: detail, In: &in}
}

// fieldName writes a pointer as people do: policy.quorum.count.
func fieldName(pointer string) string {
	name := strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/"), "/", ".")
	if name == "" {
		return "the body"
	}
	return name
}

// fromStore turns what the database says into what the caller is told.
func fromStore(err error, what string) error {
	var dup *postgres.Duplicate
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dup):
		return duplicate(dup.Field, dup.Existing)
	case errors.Is(err, postgres.ErrNotFound):
		return notFound(what)
	}
	return err
}

// fail writes an error as the answer.
func (s *Server) fail(c *gin.Context, err error) {
	var p *problem
	if !errors.As(err, &p) {
		p = s.unexpected(c, err)
	}
	if p.status >= http.StatusInternalServerError {
		s.log.ErrorContext(c.Request.Context(), "request failed", "err", p.Error(), "request_id", requestID(c), "operation", operationOf(c))
	}
	if p.retryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="probefleet"`)
	}
	text, _ := json.Marshal(p.body(requestID(c))) // Of strings and numbers only.
	c.Abort()
	c.Data(p.status, "application/problem+json", text)
}

// body is the problem as callers get it.
func (p *problem) body(request string) api.Problem {
	body := api.Problem{
		Type: "urn:probefleet:problem:" + p.kind, Title: p.title, Status: p.status, Detail: p.detail,
		RequestID: request, ExistingID: p.existing,
	}
	if len(p.fields) > 0 {
		body.Errors = &p.fields
	}
	return body
}

// unexpected is the problem of an error that no handler foresaw.
func (s *Server) unexpected(c *gin.Context, err error) *problem {
	if errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil {
		// The caller is gone; the status is for the log (nginx's number for it).
		return &problem{status: 499, kind: "cancelled", title: "Cancelled", detail: "The caller did not wait.", cause: err}
	}
	caller := callerOf(c.Request.Context())
	switch {
	case errors.Is(err, postgres.ErrUnconfinable):
		return unconfinable(err)
	case caller.Confined() && postgres.OutsideTenant(err):
		return outside(err)
	case caller.Confined() && errors.Is(err, postgres.ErrConflict): // with what it does not see
		p := conflict("duplicate", "Something of the organisation that the key does not see is in the way.")
		p.cause = err
		return p
	}
	var much *postgres.QuotaExceeded
	if errors.As(err, &much) {
		return quotaExceeded(much)
	}
	if s.databaseAway(c, err) {
		return unavailable("The database does not answer.", err)
	}
	return &problem{
		status: http.StatusInternalServerError, kind: "internal", title: "Internal error",
		detail: "Something went wrong on this side; the logs say more under the request id.", cause: err,
	}
}
