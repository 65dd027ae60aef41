package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Problem is a refusal of the API (RFC 9457).
type Problem struct {
	Status    int          `json:"status"`
	Title     string       `json:"title"`
	Detail    string       `json:"detail"`
	RequestID string       `json:"request_id"`
	Errors    []FieldError `json:"errors"`
}

// FieldError is one thing that is wrong with a request, by a JSON pointer.
type FieldError struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Error implements error.
func (p *Problem) Error() string {
	var b strings.Builder
	switch p.Status {
	case http.StatusUnauthorized:
		b.WriteString("the fleet does not know this key")
	case http.StatusForbidden:
		b.WriteString("the key may not do this")
	default:
		fmt.Fprintf(&b, "the fleet refuses (status %d)", p.Status)
	}
	if p.Detail != "" {
		b.WriteString(": " + p.Detail)
	} else if p.Title != "" {
		b.WriteString(": " + p.Title)
	}
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "\n  %s %s", strings.TrimPrefix(e.Pointer, "#/"), e.Detail)
	}
	if p.Status >= http.StatusInternalServerError && p.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", p.RequestID)
	}
	return b.String()
}

// problemOf reads a refusal, which may come from a proxy that knows no problems.
func problemOf(res *http.Response) *Problem {
	p := &Problem{}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil || json.Unmarshal(text, p) != nil {
		p = &Problem{Title: http.StatusText(res.StatusCode)}
	}
	if res.StatusCode >= 300 && res.StatusCode <= 399 {
		p.Detail = "it is elsewhere, at " + res.Header.Get("Location")
	}
	p.Status = res.StatusCode
	return p
}
