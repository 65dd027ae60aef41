// Package attempt says what one attempt to send an alert came to, and decides from
// that what happens next: the channels classify, the decision is pure.
package attempt

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
)

// Class is what kind of failure an attempt ended in.
type Class uint8

// The classes.
const (
	// Transient is a failure that time heals: no connection, a timeout, HTTP 5xx, SMTP 4yz.
	Transient Class = iota
	// Busy is the other side asking for patience: HTTP 429, or 503 with Retry-After.
	Busy
	// Refused is an answer that will not change by itself: HTTP 4xx, SMTP 5yz, an
	// address that the dial guard denies, a configuration that cannot be used. People
	// and deployments do change, so it is tried a few times all the same.
	Refused
)

// String returns the name used in logs and metrics.
func (c Class) String() string {
	switch c {
	case Transient:
		return "transient"
	case Busy:
		return "busy"
	case Refused:
		return "refused"
	}
	return fmt.Sprintf("class_%d", uint8(c))
}

// Failure is a failed attempt. Its text never holds a secret.
type Failure struct {
	Class      Class
	Text       string
	Answer     *alert.Answer // what the other side answered, if it did
	RetryAfter time.Duration // how long it wants to be left alone; 0: it did not say
}

// Error implements error.
func (f *Failure) Error() string { return f.Text }

// Fail returns a failure without answer.
func Fail(class Class, format string, args ...any) *Failure {
	return &Failure{Class: class, Text: fmt.Sprintf(format, args...)}
}

// Of returns the failure that an error is; an error of another type is transient.
func Of(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return Fail(Transient, "%v", err)
}

// Redact removes secrets from a text, in case a library or the other side repeated
// them.
func Redact(text string, secrets ...string) string {
	for _, s := range secrets {
		if len(s) >= 6 { // shorter ones would eat plain words: "true"
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}
