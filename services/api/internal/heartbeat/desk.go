package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// knownFor is how long a token stands for its monitor without the database being
	// asked again; one that was replaced elsewhere is refused after it.
	knownFor = time.Minute
	// knownMost bounds the tokens in memory, at some 200 bytes each.
	knownMost = 50_000
	// burst and perSecond are how often one token may call: a start, a finish and their
	// repetitions, but no loop.
	burst     = 10
	perSecond = 1
	// lookupTime and writeTime bound a call. Together they are shorter than the
	// aggregator gives a call to arrive before it concludes silence.
	lookupTime = time.Second
	writeTime  = 1500 * time.Millisecond
	// MaxMessage is how many bytes of what a job says are kept.
	MaxMessage = 256
)

// The ways in which a call fails. [ErrAway] wraps the cause.
var (
	ErrUnknown = errors.New("no heartbeat has this token")
	ErrAway    = errors.New("the call cannot be recorded now")
	ErrTooMany = errors.New("too many calls of one heartbeat")
)

// Store knows tokens; [postgres.Store] does.
type Store interface {
	HeartbeatByToken(ctx context.Context, hash []byte) (postgres.Called, error)
	Ping(ctx context.Context) error
}

// Queue takes calls and marks to the aggregator; a queue.Client does.
type Queue interface {
	WriteCall(ctx context.Context, shard int, r *uptime.Result) error
	MarkListening(ctx context.Context, shards int, at uptime.Instant) error
}

// Clock tells fleet time; a fleettime.Clock does.
type Clock interface {
	Now() uptime.Instant
	Synced() bool
}

// Config of a [Desk]. Store, Queue and Clock are needed.
type Config struct {
	Store  Store
	Queue  Queue
	Clock  Clock
	Shards int              // below 1: 1
	Gate   func() error     // says why nothing can be served yet; nil, or a nil error: it can
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: slog.Default()
	Every  time.Duration    // between marks; 0: 5 s
}

// Desk takes the calls of jobs. It is safe for concurrent use.
type Desk struct {
	cfg   Config
	known *lru.Cache[Hash, *entry]
}

// entry is a token that is known.
type entry struct {
	limit *rate.Limiter

	mu   sync.Mutex
	of   postgres.Called
	read time.Time      // when the database said so
	last uptime.Instant // of its calls
}

// New returns a desk that knows no token yet.
func New(cfg Config) (*Desk, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Every <= 0 {
		cfg.Every = markEvery
	}
	cfg.Shards = max(cfg.Shards, 1)
	known, err := lru.New[Hash, *entry](knownMost)
	if err != nil {
		return nil, fmt.Errorf("memory of tokens: %w", err)
	}
	return &Desk{cfg: cfg, known: known}, nil
}

// Call is what a job says.
type Call struct {
	Begins  bool // a run; Failed is not looked at
	Failed  bool
	Message string        // cut to [MaxMessage]
	Run     time.Duration // how long it took; 0: not said
}

// Take records a call at its arrival. The error is [ErrUnknown], [ErrTooMany], one that
// wraps [ErrAway], or ctx's.
func (d *Desk) Take(ctx context.Context, token string, c Call) error {
	hash, ok := HashOf(token)
	if !ok {
		return ErrUnknown
	}
	if !d.cfg.Clock.Synced() {
		return fmt.Errorf("%w: fleet time is not known yet", ErrAway)
	}
	at := d.cfg.Clock.Now()
	e, err := d.find(ctx, hash)
	if err != nil {
		return err
	}
	if !e.limit.AllowN(d.cfg.Now(), 1) {
		return ErrTooMany
	}
	r := e.result(at, c)
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	if err := d.cfg.Queue.WriteCall(ctx, r.Monitor.Shard(d.cfg.Shards), &r); err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return nil
}

// find returns what a token stands for. While the database is away, what it said before
// holds.
func (d *Desk) find(ctx context.Context, hash Hash) (*entry, error) {
	e, known := d.known.Get(hash)
	if known && e.fresh(d.cfg.Now()) {
		return e, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	of, err := d.cfg.Store.HeartbeatByToken(ctx, hash[:])
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		d.known.Remove(hash)
		return nil, ErrUnknown
	case err != nil && known:
		return e, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	if !known {
		e = &entry{limit: rate.NewLimiter(perSecond, burst), of: of, read: d.cfg.Now()}
		if before, there, _ := d.known.PeekOrAdd(hash, e); there {
			e = before // of a call at the same time
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.of, e.read = of, d.cfg.Now()
	return e, nil
}

// Forget makes the desk refuse a token at once, by its hash.
func (d *Desk) Forget(hash []byte) {
	if len(hash) == len(Hash{}) {
		d.known.Remove(Hash(hash))
	}
}

// Drop makes the desk refuse the tokens of monitors that are gone at once.
func (d *Desk) Drop(monitors []uptime.ID) {
	for _, hash := range d.known.Keys() {
		if e, known := d.known.Peek(hash); known && slices.Contains(monitors, e.monitor()) {
			d.known.Remove(hash)
		}
	}
}

func (e *entry) monitor() uptime.ID {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.of.Monitor
}

func (e *entry) fresh(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return now.Sub(e.read) < knownFor
}

// result is a call as the aggregator reads it. Its instant is a whole millisecond, for
// it is no urgent check, and no two calls of a heartbeat share one.
func (e *entry) result(at uptime.Instant, c Call) uptime.Result {
	e.mu.Lock()
	defer e.mu.Unlock()
	at = max(at/1000*1000, e.last+1000)
	e.last = at
	r := uptime.Result{
		Monitor: e.of.Monitor, Revision: e.of.Revision, Region: uptime.RegionHeartbeat, Due: at, Started: at,
		Detail: message(c.Message), Phases: uptime.Phases{Total: c.Run}, Attempts: 1,
	}
	switch {
	case c.Begins:
		r.Begins = true
	case c.Failed:
		r.Outcome, r.Reason = uptime.OutcomeFail, uptime.ReasonReported
	default:
		r.Outcome = uptime.OutcomePass
	}
	return r
}
