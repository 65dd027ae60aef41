// Package post sends one HTTP request to an endpoint that a user named: through the
// dial guard, bounded in time and size, and without ever letting the URL (which may
// be a secret) into an error.
package post

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
)

// Timeout of one request, below the job's own so that the answer can be recorded.
const Timeout = 10 * time.Second

// maxAnswer is how much of an answer is read and kept, in bytes.
const maxAnswer = 1 << 10

// Client posts. It is safe for concurrent use.
type Client struct {
	http      *http.Client
	userAgent string
}

// New returns a client whose connections pass the guard. It follows no redirects:
// what is posted is meant for one address. Timeout 0 means [Timeout].
func New(guard *egress.Guard, userAgent string, timeout time.Duration) *Client {
	if timeout <= 0 {
		timeout = Timeout
	}
	return &Client{http: guard.HTTPClient(egress.Config{Timeout: timeout, DialTimeout: timeout / 2}), userAgent: userAgent}
}

// Request is what is posted.
type Request struct {
	URL     string
	Header  http.Header
	Body    []byte
	Secrets []string // besides the URL: kept out of answers and errors
}

// Post sends the request and returns the answer of an endpoint that took it. Every
// error is an [*attempt.Failure].
func (c *Client) Post(ctx context.Context, r Request) (*alert.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, attempt.Fail(attempt.Refused, "the URL cannot be used")
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", c.userAgent)
	secrets := append(secretsOf(req.URL), r.Secrets...)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, failure(err, secrets)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	answer := &alert.Answer{Code: res.StatusCode, Text: attempt.Redact(strings.TrimSpace(string(body)), secrets...)}
	if f := attempt.FromHTTP(res.StatusCode, res.Header, answer, time.Now()); f != nil {
		return nil, f
	}
	if err != nil && len(body) == 0 { // the status line said that it was taken
		answer.Text = ""
	}
	return answer, nil
}

// failure names the cause without what net/http wraps around it: the URL.
func failure(err error, secrets []string) *attempt.Failure {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var blocked *egress.BlockedError
	if errors.As(err, &blocked) {
		return attempt.Fail(attempt.Refused, "%s; the operator may allow it by ALLOW_CIDRS", blocked)
	}
	text := err.Error()
	var netErr net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout() {
		text = "no answer in time"
	}
	return attempt.Fail(attempt.Transient, "%s", attempt.Redact(text, secrets...))
}

// secretsOf returns the parts of a URL that may hold a token.
func secretsOf(u *url.URL) []string {
	secrets := []string{u.String()}
	if u.RawQuery != "" {
		secrets = append(secrets, u.RequestURI(), u.RawQuery)
	}
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	if password, ok := u.User.Password(); ok {
		secrets = append(secrets, password)
	}
	return secrets
}
