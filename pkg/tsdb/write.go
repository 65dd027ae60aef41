package tsdb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// WriteKind says what to do about a failed write.
type WriteKind uint8

// The kinds of failed writes.
const (
	// WriteRetry: the server is away, overloaded, or refuses us (a wrong token is a
	// mistake of the operator, not of the points); the same write may succeed later.
	WriteRetry WriteKind = iota
	// WriteTooLarge: fewer points at once may succeed.
	WriteTooLarge
	// WriteBadPoints: at least one of the points is refused for what it is; the
	// others may or may not have been stored. Writing them again is harmless.
	WriteBadPoints
)

// WriteError is the error of every write.
type WriteError struct {
	Kind       WriteKind
	Status     int           // of HTTP; 0 if there was no answer
	RetryAfter time.Duration // what the server asked for; 0 if nothing
	Err        error
}

// Error implements error.
func (e *WriteError) Error() string { return fmt.Sprintf("InfluxDB: write: %v", e.Err) }

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// Write stores the votes among the results as ticks, in one request, and returns when
// the server has them; the error is a *[WriteError]. Results that are not votes
// (expired, invalid) are not ticks, and what is older than the retention of raw ticks
// would be thrown away by the server: both are skipped.
func (c *Client) Write(ctx context.Context, ticks []uptime.Result) error {
	oldest := uptime.InstantOf(c.cfg.Now().Add(-c.Retention(LevelRaw)))
	lines := make([]byte, 0, len(ticks)*320)
	for i := range ticks {
		r := &ticks[i]
		if !r.Outcome.Vote() || r.Due < oldest {
			continue
		}
		if err := validName(r.Region); err != nil {
			return &WriteError{Kind: WriteBadPoints, Err: fmt.Errorf("region: %w", err)}
		}
		lines = append(appendTick(lines, r), '\n')
	}
	return c.writeLines(ctx, LevelRaw, lines)
}

// writeLines sends line protocol with microsecond timestamps.
func (c *Client) writeLines(ctx context.Context, l Level, lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	err := c.write[l].WriteRecord(ctx, string(lines))
	if err == nil {
		return nil
	}
	return classify(err)
}

// classify turns the client's error into one that says what to do.
func classify(err error) *WriteError {
	out := &WriteError{Kind: WriteRetry, Err: plain(err)}
	var e *influxhttp.Error
	if !errors.As(err, &e) || e.StatusCode == 0 {
		return out
	}
	out.Status = e.StatusCode
	out.RetryAfter = retryAfter(e.Header.Get("Retry-After"), time.Now())
	switch e.StatusCode {
	case http.StatusRequestEntityTooLarge:
		out.Kind = WriteTooLarge
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		out.Kind = WriteBadPoints
		// 1.8 says so when its cache is full or it is closing, though it passes.
		if strings.Contains(e.Message, "cache-max-memory-size exceeded") || strings.Contains(e.Message, "engine is closed") {
			out.Kind = WriteRetry
		}
	}
	return out
}

// retryAfter reads the header's two forms (RFC 9110, section 10.2.3); 0 if neither.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
