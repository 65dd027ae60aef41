// Package tail follows a fleet's live events: it reads Server-Sent Events as the HTML
// standard has them, comes back behind the last one when the stream breaks, and gives up
// only when the fleet says that coming back is of no use.
package tail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/services/cli/internal/client"
)

// Event is one event.
type Event struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"event"`
	Data string `json:"-"` // one JSON object
}

const (
	firstWait = time.Second
	longWait  = 30 * time.Second
	maxLine   = 1 << 20 // bytes: events have some hundred
	// silence is how long a stream may say nothing at all: heartbeats come every 15 s.
	silence = time.Minute
)

// Follower follows the events of one stream.
type Follower struct {
	// Open opens the stream behind the event that came last.
	Open func(ctx context.Context, last string) (io.ReadCloser, error)
	// Each gets every event; an error of its own ends Run with it.
	Each func(Event) error
	// Lost is told why the stream broke and when it is tried again; nil: nobody.
	Lost func(err error, wait time.Duration)
	// Pause waits between tries; nil: by the clock.
	Pause func(ctx context.Context, d time.Duration)

	last  string
	retry time.Duration // what the fleet asked for
}

// Run follows until ctx ends, which is no error.
func (f *Follower) Run(ctx context.Context) error {
	if f.Pause == nil {
		f.Pause = pause
	}
	wait := firstWait
	for ctx.Err() == nil {
		heard, err := f.once(ctx)
		var own ownError
		if errors.As(err, &own) {
			return own.error
		}
		if ctx.Err() != nil {
			return nil
		}
		if final(err) {
			return err
		}
		if heard {
			wait = firstWait
		}
		pauseFor := max(wait, f.retry)
		if f.Lost != nil {
			f.Lost(err, pauseFor)
		}
		f.Pause(ctx, pauseFor)
		wait = min(2*wait, longWait)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// final tells whether the fleet refuses for good.
func final(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests && p.Status != http.StatusRequestTimeout
}

// ownError is one of [Follower.Each].
type ownError struct{ error }

// once follows one stream to its end, and tells whether it said anything.
func (f *Follower) once(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, err := f.Open(ctx, f.last)
	if err != nil {
		return false, err
	}
	defer body.Close()
	watch := time.AfterFunc(silence, cancel)
	defer watch.Stop()
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var e Event
	var data []string
	for lines.Scan() {
		heard = true
		watch.Reset(silence)
		line := lines.Text()
		if line == "" {
			if e.ID != "" {
				f.last = e.ID // not before: an event that was cut comes again
			}
			if len(data) > 0 {
				e.Data = strings.Join(data, "\n")
				if e.Name == "" {
					e.Name = "message"
				}
				if err := f.Each(e); err != nil {
					return heard, ownError{err}
				}
			}
			e, data = Event{}, nil
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.ID = value
		case "event":
			e.Name = value
		case "data":
			data = append(data, value)
		case "retry":
			if ms, err := strconv.Atoi(value); err == nil && ms >= 0 {
				f.retry = min(time.Duration(ms)*time.Millisecond, longWait)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return heard, fmt.Errorf("the stream broke: %w", err)
	}
	return heard, errors.New("the stream ended")
}
