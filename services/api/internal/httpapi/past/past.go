// Package past remembers the spans of monitors that ended a day ago or earlier, so that a
// list of websites reads only what has happened since. They no longer change; what was
// corrected all the same is seen within the hour.
package past

import (
	"context"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// settled is how long ago a span must have ended to be remembered, keptFor for how long
	// it is.
	settled = 24 * time.Hour
	keptFor = time.Hour
	// remembered is of how many monitors, longest of how many spans at most; one takes 24 bytes.
	remembered = 20_000
	longest    = 1_000
)

// Source is where spans are read; [postgres.Store] is one.
type Source interface {
	SpansOf(ctx context.Context, monitors []uptime.ID, from, to time.Time) ([]postgres.Span, error)
}

// span is a span that has ended, in microseconds, which is what the database keeps.
type span struct {
	from, to int64
	verdict  uptime.Verdict
	reason   uptime.Reason
}

// entry is what is known of a monitor: the spans that ended by upTo, from the one that
// the instant from was in.
type entry struct {
	spans            []span
	from, upTo, read time.Time
}

// Reader remembers spans. It is safe for concurrent use.
type Reader struct {
	source Source

	mu    sync.Mutex
	known *lru.Cache[uptime.ID, *entry]
}

// New returns a reader of a source.
func New(source Source) *Reader {
	known, err := lru.New[uptime.ID, *entry](remembered)
	if err != nil {
		panic(err) // Only of a size below 1.
	}
	return &Reader{source: source, known: known}
}

// Spans returns by monitor what [postgres.Store.SpansOf] returns of all of them between
// two times, the second of which is now; there may be earlier ones before.
func (r *Reader) Spans(ctx context.Context, monitors []uptime.ID, from, now time.Time) (map[uptime.ID][]postgres.Span, error) {
	known, missing, since := r.look(monitors, from, now)
	out := make(map[uptime.ID][]postgres.Span, len(monitors))
	if len(missing) > 0 {
		begin := from.Truncate(time.Hour) // the next to ask wants a little less
		spans, err := r.source.SpansOf(ctx, missing, begin, now)
		if err != nil {
			return nil, err
		}
		for _, one := range spans {
			out[one.Monitor] = append(out[one.Monitor], one)
		}
		r.keep(missing, out, begin, now)
	}
	if len(known) == 0 {
		return out, nil
	}
	fresh, err := r.source.SpansOf(ctx, recent(known, monitors), since, now)
	if err != nil {
		return nil, err
	}
	for id, e := range known {
		out[id] = e.of(id)
	}
	for _, one := range fresh {
		have := out[one.Monitor]
		if n := len(have); n > 0 && !one.From.After(have[n-1].From) {
			continue // It had ended before: it is there.
		}
		out[one.Monitor] = append(have, one)
	}
	return out, nil
}

// recent returns the monitors that are known, in the order in which they were asked for.
func recent(known map[uptime.ID]*entry, monitors []uptime.ID) []uptime.ID {
	out := make([]uptime.ID, 0, len(known))
	for _, id := range monitors {
		if known[id] != nil {
			out = append(out, id)
		}
	}
	return out
}

// look returns what is remembered from a time on, what is not, and since when the rest
// has to be read.
func (r *Reader) look(monitors []uptime.ID, from, now time.Time) (known map[uptime.ID]*entry, missing []uptime.ID, since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, since = make(map[uptime.ID]*entry, len(monitors)), now
	for _, id := range monitors {
		e, ok := r.known.Get(id)
		if !ok || !e.holds(from, now) {
			missing = append(missing, id)
			continue
		}
		known[id] = e
		if e.upTo.Before(since) {
			since = e.upTo
		}
	}
	return known, missing, since
}

// holds tells whether an entry is of use for what happened since from.
func (e *entry) holds(from, now time.Time) bool {
	age := now.Sub(e.read)
	return age >= 0 && age < keptFor && !from.Before(e.from)
}

// keep remembers what was read of monitors.
func (r *Reader) keep(monitors []uptime.ID, spans map[uptime.ID][]postgres.Span, from, now time.Time) {
	upTo := now.Add(-settled)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range monitors {
		if n := len(spans[id]); n == 0 || n > longest {
			continue // None, too, if the caller just stopped seeing the monitor.
		}
		e := &entry{from: from, upTo: upTo, read: now}
		for _, one := range spans[id] {
			if !one.To.IsZero() && !one.To.After(upTo) {
				e.spans = append(e.spans, span{from: one.From.UnixMicro(), to: one.To.UnixMicro(), verdict: one.Verdict, reason: one.Reason})
			}
		}
		r.known.Add(id, e)
	}
}

// of returns the spans, which are a monitor's.
func (e *entry) of(monitor uptime.ID) []postgres.Span {
	out := make([]postgres.Span, len(e.spans), len(e.spans)+4)
	for i, s := range e.spans {
		out[i] = postgres.Span{
			Monitor: monitor, From: time.UnixMicro(s.from).UTC(), To: time.UnixMicro(s.to).UTC(), Verdict: s.verdict, Reason: s.reason,
		}
	}
	return out
}
