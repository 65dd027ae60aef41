package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
)

// The headers of calls that may be repeated; see draft-ietf-httpapi-idempotency-key-header.
const (
	headerRepeat   = "Idempotency-Key"
	headerReplayed = "Idempotent-Replayed"
)

const (
	// maxRepeatKey bounds a key in characters.
	maxRepeatKey = 255
	// maxKept bounds an answer that is kept, in bytes: that of a batch of 1,000 websites has
	// a tenth of it. Of a longer one only the status is kept.
	maxKept = 4 << 20
	// repeatTime bounds a call with a key. It goes on without its client, whose next try
	// wants the answer, and ends before it is taken for abandoned.
	repeatTime = postgres.RepeatAbandoned - 20*time.Second
	// keepTime bounds the writing down of an answer.
	keepTime = 5 * time.Second
)

// kept is an answer as it is kept, sealed: it may show a secret that is shown once.
type kept struct {
	Type string `json:"type"`
	ETag string `json:"etag,omitempty"`
	Body []byte `json:"body"`
}

// repeat answers a call that has a key of its own as it was answered the first time.
func (s *Server) repeat(c *gin.Context) {
	op := s.ops[c.Request.Method+" "+c.FullPath()]
	keys := c.Request.Header.Values(headerRepeat)
	if op == nil || !op.repeatable || len(keys) == 0 {
		return
	}
	call, err := s.repeatable(c, op, keys)
	if err != nil {
		s.fail(c, err)
		return
	}
	first, fresh, err := s.Store.ClaimCall(c.Request.Context(), call)
	switch {
	case err != nil:
		s.fail(c, err)
	case !fresh:
		s.replay(c, &call, &first)
	default:
		s.once(c, first)
	}
}

// repeatable reads what a call is known by.
func (s *Server) repeatable(c *gin.Context, op *operation, keys []string) (postgres.RepeatableCall, error) {
	caller := callerOf(c.Request.Context())
	call := postgres.RepeatableCall{Org: caller.Org, Caller: caller.Key, Key: keys[0], Operation: operationOf(c)}
	if call.Caller.IsZero() {
		call.Caller = caller.Account
	}
	if len(keys) > 1 || !isRepeatKey(call.Key) {
		return call, invalid(api.FieldErrorInHeader, shape.Error{
			Pointer: "#/" + headerRepeat, Detail: fmt.Sprintf("must be one text of 1 to %d visible ASCII characters", maxRepeatKey),
		})
	}
	var body []byte
	if op.body != nil {
		var err error
		if body, err = io.ReadAll(c.Request.Body); err != nil { // from memory, where admit has left it
			return call, fmt.Errorf("read a body again: %w", err)
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
	}
	call.Request = digest(c.Request.Method, c.Request.URL.RequestURI(), c.GetHeader("Content-Type"), string(body))
	return call, nil
}

// isRepeatKey tells whether a text can be a call's key.
func isRepeatKey(text string) bool {
	for _, b := range []byte(text) {
		if b < '!' || b > '~' {
			return false
		}
	}
	return text != "" && len(text) <= maxRepeatKey
}

// digest is a hash of texts that no other texts have.
func digest(parts ...string) []byte {
	text, _ := json.Marshal(parts) // of texts
	sum := sha256.Sum256(text)
	return sum[:]
}

// once answers a call and keeps the answer, unless it is one that another try may better.
func (s *Server) once(c *gin.Context, call postgres.RepeatableCall) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), repeatTime)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	var answer *heldWriter
	defer func() { // also after a panic
		keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
		defer cancel()
		if err := s.keep(keep, answer, call); err != nil {
			// It holds until the call counts as abandoned.
			s.log.ErrorContext(ctx, "the answer of a call that may be repeated is not kept", "err", err, "request_id", requestID(c))
		}
		if answer != nil {
			answer.release()
		}
	}()
	answer = held(c)
}

// keep writes an answer down, or that there is none: nil after a panic, and one of those
// that may be another the next time.
func (s *Server) keep(ctx context.Context, answer *heldWriter, call postgres.RepeatableCall) error {
	if answer == nil || answer.Status() >= http.StatusInternalServerError || answer.Status() == http.StatusTooManyRequests {
		return s.Store.ReleaseCall(ctx, call)
	}
	call.Status = answer.Status()
	if answer.body.Len() <= maxKept {
		h := answer.Header()
		text, err := json.Marshal(kept{Type: h.Get("Content-Type"), ETag: h.Get("ETag"), Body: answer.body.Bytes()})
		if err != nil {
			return fmt.Errorf("encode an answer: %w", err)
		}
		call.Answer = s.Box.Seal(text, repeatPlace(&call)...)
	}
	return s.Store.AnswerCall(ctx, call)
}

// repeatPlace is where a sealed answer belongs.
func repeatPlace(call *postgres.RepeatableCall) []string {
	return []string{"idempotent_call", call.Caller.String(), call.Key, "answer"}
}

// replay answers a call as the first one with its key was answered.
func (s *Server) replay(c *gin.Context, call, first *postgres.RepeatableCall) {
	switch {
	case first.Operation != call.Operation || !bytes.Equal(first.Request, call.Request):
		s.fail(c, &problem{
			status: http.StatusUnprocessableEntity, kind: "idempotency-key-reused", title: "Key of another call",
			detail: "The Idempotency-Key was sent with another call before: each call needs one of its own.",
		})
		return
	case first.Status == 0:
		p := conflict("being-answered", "The first call with this Idempotency-Key is still being answered.")
		p.retryAfter = 1
		s.fail(c, p)
		return
	case first.Answer == nil:
		s.fail(c, conflict("answer-not-kept", fmt.Sprintf(
			"The call was answered with the status %d before; the answer was too large to be kept.", first.Status)))
		return
	}
	text, err := s.Box.Open(first.Answer, repeatPlace(first)...)
	var was kept
	if err == nil {
		err = json.Unmarshal(text, &was)
	}
	if err != nil {
		s.fail(c, fmt.Errorf("open a kept answer: %w", err))
		return
	}
	c.Header(headerReplayed, "true")
	if was.ETag != "" {
		c.Header("ETag", was.ETag)
	}
	c.Abort()
	if len(was.Body) == 0 {
		c.Status(first.Status)
		c.Writer.WriteHeaderNow()
		return
	}
	c.Data(first.Status, was.Type, was.Body)
}
