// Package pulse remembers what the last 24 hours of monitors' checks were like, so that
// a list of websites shows it without asking InfluxDB each time. Hours that are rolled
// up are read once, what came after them at most once a minute. Who asks for what is
// known gets it at once, old as it may be, while it is read anew.
package pulse

import (
	"context"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// Hours is how many hours there are in a pulse; the last is the present one.
	Hours = 24
	// freshFor is for how long a reading is not read anew.
	freshFor = time.Minute
	// usableFor is for how long it is shown while InfluxDB does not answer.
	usableFor = time.Hour
	// firstWait bounds how long a caller waits for what is not known yet, readTime a
	// reading as a whole: the caller that no longer waits finds it the next time.
	firstWait = 2 * time.Second
	readTime  = 20 * time.Second
	// restTime is how long InfluxDB is left alone after it has not answered.
	restTime = 10 * time.Second
	// longestTail is how far back hours that are not rolled up are read.
	longestTail = 3 * time.Hour
	// remembered is of how many monitors a pulse is kept, about 1 KiB each.
	remembered = 20_000
)

// Source is where ticks are read; [tsdb.Client] is one.
type Source interface {
	Digests(ctx context.Context, q tsdb.DigestQuery) (map[uptime.ID]map[string]*tsdb.Digest, error)
	Progress(ctx context.Context, l tsdb.Level) (time.Time, error)
}

// Pulse is what the last hours of a monitor's checks were like, over all regions.
type Pulse struct {
	Means    [Hours]time.Duration // by hour, oldest first; zero where nothing passed
	P50, P95 time.Duration
	Passed   int // zero: nothing is known of the latency
}

type entry struct {
	pulse      Pulse
	closed     *tsdb.Digest // hours that are rolled up
	from, upTo time.Time    // what closed covers
	read       time.Time
}

// Reader remembers pulses. It is safe for concurrent use.
type Reader struct {
	from Source
	now  func() time.Time
	log  *slog.Logger
	turn chan struct{} // held while InfluxDB is asked: one reading at a time

	mu     sync.Mutex
	known  *lru.Cache[uptime.ID, *entry]
	failed time.Time              // when InfluxDB last did not answer; zero: it has since
	wanted map[uptime.ID]struct{} // being read, or about to be
}

// New returns a reader of a source.
func New(from Source, now func() time.Time, log *slog.Logger) *Reader {
	known, err := lru.New[uptime.ID, *entry](remembered)
	if err != nil {
		panic(err) // Only of a size below 1.
	}
	return &Reader{from: from, now: now, log: log, turn: make(chan struct{}, 1), known: known, wanted: map[uptime.ID]struct{}{}}
}

// Read returns the pulses of monitors, without those of which nothing is known, and
// whether InfluxDB does not answer. It waits for what has never been read, and then not
// for long.
func (r *Reader) Read(ctx context.Context, monitors []uptime.ID) (map[uptime.ID]Pulse, bool) {
	due, unknown, away := r.look(monitors)
	if len(due) > 0 {
		done := make(chan struct{})
		// The reading goes on for the next caller if this one leaves; its time is bounded.
		go func(ctx context.Context) {
			defer close(done)
			r.refresh(ctx, due)
		}(context.WithoutCancel(ctx))
		if unknown {
			wait := time.NewTimer(firstWait)
			defer wait.Stop()
			select {
			case <-done:
			case <-wait.C:
				away = true
			case <-ctx.Done():
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[uptime.ID]Pulse, len(monitors))
	for _, id := range monitors {
		if e, ok := r.known.Get(id); ok && r.now().Sub(e.read) < usableFor {
			out[id] = e.pulse
		}
	}
	return out, away || !r.failed.IsZero()
}

// look picks the monitors that are to be read now, and tells whether one of them was
// never read.
func (r *Reader) look(monitors []uptime.ID) (due []uptime.ID, unknown, away bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if !r.failed.IsZero() && now.Sub(r.failed) < restTime {
		return nil, false, true
	}
	for _, id := range monitors {
		e, ok := r.known.Peek(id)
		if ok && now.Sub(e.read) < freshFor {
			continue
		}
		if _, reading := r.wanted[id]; reading && ok {
			continue
		}
		r.wanted[id] = struct{}{}
		due, unknown = append(due, id), unknown || !ok
	}
	return due, unknown, false
}

func (r *Reader) refresh(ctx context.Context, monitors []uptime.ID) {
	defer r.forget(monitors)
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return
	}
	err := r.load(ctx, r.stillDue(monitors))
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if r.failed.IsZero() {
			r.log.WarnContext(ctx, "lists go without latencies: InfluxDB does not answer", "err", err)
		}
		r.failed = r.now()
		return
	}
	r.failed = time.Time{}
}

func (r *Reader) forget(monitors []uptime.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range monitors {
		delete(r.wanted, id)
	}
}

// stillDue leaves out what another reading has brought meanwhile.
func (r *Reader) stillDue(monitors []uptime.ID) []uptime.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	due := make([]uptime.ID, 0, len(monitors))
	for _, id := range monitors {
		if e, ok := r.known.Peek(id); !ok || r.now().Sub(e.read) >= freshFor {
			due = append(due, id)
		}
	}
	return due
}

// load reads monitors: the hours that are rolled up unless they are known, and the rest.
func (r *Reader) load(ctx context.Context, monitors []uptime.ID) error {
	if len(monitors) == 0 {
		return nil
	}
	now := r.now()
	from := firstHour(now)
	rolled, err := r.from.Progress(ctx, tsdb.Level1h)
	if err != nil {
		return err
	}
	if rolled.After(now) {
		rolled = now
	}
	closed, err := r.closed(ctx, monitors, from, rolled)
	if err != nil {
		return err
	}
	tail := later(from, later(rolled, now.Add(-longestTail)))
	fresh, err := r.from.Digests(ctx, tsdb.DigestQuery{Monitors: monitors, From: tail, To: now, Coarsest: tsdb.Level5m})
	if err != nil {
		return err
	}
	read := make(map[uptime.ID]*entry, len(monitors))
	for _, id := range monitors {
		all := []*tsdb.Digest{closed[id]}
		for _, d := range fresh[id] {
			all = append(all, d)
		}
		read[id] = &entry{pulse: pulseOf(tsdb.Join(all...), from), closed: closed[id], from: from, upTo: rolled, read: now}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, e := range read {
		r.known.Add(id, e)
	}
	return nil
}

// closed returns what is known of the hours that are rolled up, by monitor.
func (r *Reader) closed(ctx context.Context, monitors []uptime.ID, from, rolled time.Time) (map[uptime.ID]*tsdb.Digest, error) {
	out := make(map[uptime.ID]*tsdb.Digest, len(monitors))
	var missing []uptime.ID
	r.mu.Lock()
	for _, id := range monitors {
		if e, ok := r.known.Peek(id); ok && e.from.Equal(from) && e.upTo.Equal(rolled) {
			out[id] = e.closed
			continue
		}
		missing = append(missing, id)
	}
	r.mu.Unlock()
	if len(missing) == 0 || !from.Before(rolled) {
		return out, nil
	}
	found, err := r.from.Digests(ctx, tsdb.DigestQuery{Monitors: missing, From: from, To: rolled, Coarsest: tsdb.Level1h})
	if err != nil {
		return nil, err
	}
	for id, regions := range found {
		all := make([]*tsdb.Digest, 0, len(regions))
		for _, d := range regions {
			all = append(all, d)
		}
		joined := tsdb.Join(all...)
		joined.Compact()
		out[id] = joined
	}
	return out, nil
}

func pulseOf(d *tsdb.Digest, from time.Time) Pulse {
	p := Pulse{Passed: d.OK()}
	if p.Passed == 0 {
		return p
	}
	q := d.Quantiles(0.50, 0.95)
	p.P50, p.P95 = q[0], q[1]
	for i := range p.Means {
		if h := d.Hours[from.Add(time.Duration(i)*time.Hour).Unix()]; h.OK > 0 {
			p.Means[i] = time.Duration(h.Sum / float64(h.OK) * float64(time.Millisecond))
		}
	}
	return p
}

// firstHour is when the first hour of a pulse begins.
func firstHour(now time.Time) time.Time {
	return now.UTC().Truncate(time.Hour).Add(-(Hours - 1) * time.Hour)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
