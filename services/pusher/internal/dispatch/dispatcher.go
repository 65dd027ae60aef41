package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// StaleError is returned when Redis has seen a newer epoch than the pusher's: another
// has taken over, or the database forgot epochs that Redis remembers.
type StaleError struct {
	Epoch int64 // as Redis knows it
	Mine  int64
}

// Error implements [error].
func (e *StaleError) Error() string {
	return fmt.Sprintf("a newer pusher has been at work: epoch %d, mine is %d", e.Epoch, e.Mine)
}

func isStale(err error) bool {
	var stale *StaleError
	return errors.As(err, &stale)
}

// Shard is the schedule and the monitors of one shard; roster.Shard is one.
type Shard interface {
	Schedule
	// Urgent returns a monitor and the regions that look at it.
	Urgent(id uptime.ID) (m uptime.Monitor, regions []string, ok bool)
}

// Schedule says what is due in a region.
type Schedule interface {
	Take(region string, now uptime.Instant, each func(message []byte)) (slot uptime.Instant, missed int64, ok bool)
	Skip(region string, to uptime.Instant) (missed int64)
	Seek(region string, at uptime.Instant)
	Rate(region string) float64
}

// Clock tells fleet time.
type Clock interface{ Now() uptime.Instant }

// Config of a [Dispatcher].
type Config struct {
	// Regions returns the enabled regions and a channel that is closed when they change.
	Regions func() ([]string, <-chan struct{})
	// Touched returns monitors that changed since a time, for a first look after a time
	// in which nobody pushed; nil: none.
	Touched func(ctx context.Context, since time.Time) ([]uptime.ID, error)
	Width   time.Duration // of a slot; 0: schedule.DefaultWidth
	Log     *slog.Logger  // nil: slog.Default()
}

// Dispatcher sends checks for the shards whose leases are held.
type Dispatcher struct {
	queue   *queue.Client
	clock   Clock
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	shedding atomic.Bool // Redis is short of memory

	mu    sync.Mutex
	boxes map[int]*mailbox // of the shards that are held
}

// New returns a dispatcher that holds nothing yet.
func New(q *queue.Client, clock Clock, cfg Config) *Dispatcher {
	if cfg.Width <= 0 {
		cfg.Width = schedule.DefaultWidth
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Dispatcher{
		queue: q, clock: clock, cfg: cfg, log: cfg.Log, metrics: newMetrics(), boxes: map[int]*mailbox{},
	}
}

// CheckNow asks for a look at monitors of a shard in every region that they have. It
// is ignored if the shard is somebody else's.
func (d *Dispatcher) CheckNow(shard int, ids []uptime.ID) {
	if box := d.box(shard); box != nil {
		box.ask(ids)
	}
}

// Drop asks that nothing stays queued for a monitor in some regions. It is ignored if
// the shard is somebody else's.
func (d *Dispatcher) Drop(shard int, id uptime.ID, regions []string) {
	if box := d.box(shard); box != nil {
		box.drop(id, regions)
	}
}

func (d *Dispatcher) box(shard int) *mailbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.boxes[shard]
}

func (d *Dispatcher) hold(shard int, box *mailbox) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if box == nil {
		delete(d.boxes, shard)
	} else {
		d.boxes[shard] = box
	}
	d.metrics.held.Set(float64(len(d.boxes)))
}

// Held returns the shards that this pusher is in charge of.
func (d *Dispatcher) Held() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	held := make([]int, 0, len(d.boxes))
	for shard := range d.boxes {
		held = append(held, shard)
	}
	return held
}

// RunShard sends the checks of one shard, at the epoch of its lease, until ctx is
// cancelled, which it answers with nil, or a newer epoch is found: [StaleError].
func (d *Dispatcher) RunShard(ctx context.Context, number int, epoch int64, shard Shard) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lanes := &laneSet{d: d, shard: shard, number: number, epoch: epoch, running: map[string]*laneLoop{}, stale: make(chan error, 1)}
	// Changes that come from here on are heard; those before are looked up.
	box := newMailbox()
	d.hold(number, box)
	defer d.hold(number, nil)
	since, ok := d.quietSince(ctx, lanes)
	if !ok {
		return nil
	}
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() {
		d.makeUp(ctx, box, since)
		d.serve(ctx, box, lanes)
	})
	running.Go(func() { d.sweep(ctx, lanes) })
	return lanes.follow(ctx)
}
