package ticks

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
)

// CoreConfig of a [Core]. Zero values are the defaults named.
type CoreConfig struct {
	// Lanes returns all lanes of the fleet that this process looks after.
	Lanes func(ctx context.Context) ([]queue.Lane, error)
	// Consumer is the name under which it reads: stable, and its own.
	Consumer string
	Every    time.Duration // between looks at who writes; 10 s
	Writer   Config        // of each writer; its Lane is set here
}

// Core writes the ticks of regions whose workers have no InfluxDB: for each lane
// without a live worker that writes ticks itself it runs a [Writer]. That includes
// lanes without any live worker, whose last results would otherwise wait for one.
type Core struct {
	queue *queue.Client
	sink  Sink
	cfg   CoreConfig
	log   *slog.Logger
}

// NewCore returns the core's writers; see [Core.Run].
func NewCore(q *queue.Client, sink Sink, cfg CoreConfig) *Core {
	cfg.Every = orDefault(cfg.Every, 10*time.Second)
	if cfg.Writer.Metrics == nil {
		cfg.Writer.Metrics = NewMetrics()
	}
	if cfg.Writer.Log == nil {
		cfg.Writer.Log = slog.Default()
	}
	return &Core{queue: q, sink: sink, cfg: cfg, log: cfg.Writer.Log}
}

// Run starts and stops writers until ctx ends. It returns nil, always.
func (c *Core) Run(ctx context.Context) error {
	running := map[queue.Lane]context.CancelFunc{}
	var writers sync.WaitGroup
	defer writers.Wait()
	tick := time.NewTicker(c.cfg.Every)
	defer tick.Stop()
	var lastLog time.Time
	for {
		wanted, err := c.wanted(ctx)
		switch {
		case err == nil:
			for lane, stop := range running {
				if !wanted[lane] {
					c.log.InfoContext(ctx, "the region's workers write its ticks", "lane", lane.String())
					stop()
					delete(running, lane)
				}
			}
			for lane := range wanted {
				if running[lane] != nil {
					continue
				}
				c.log.InfoContext(ctx, "writing the ticks of a region whose workers do not", "lane", lane.String())
				own, stop := context.WithCancel(ctx)
				running[lane] = stop
				writers.Go(func() { c.write(own, lane) })
			}
		case ctx.Err() == nil && time.Since(lastLog) > 30*time.Second:
			lastLog = time.Now()
			c.log.WarnContext(ctx, "cannot see who writes ticks, trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			for _, stop := range running {
				stop()
			}
			return nil
		case <-tick.C:
		}
	}
}

// wanted returns the lanes that nobody else writes.
func (c *Core) wanted(ctx context.Context) (map[queue.Lane]bool, error) {
	lanes, err := c.cfg.Lanes(ctx)
	if err != nil {
		return nil, err
	}
	wanted := make(map[queue.Lane]bool, len(lanes))
	for _, lane := range lanes {
		workers, err := c.queue.Workers(ctx, lane)
		if err != nil {
			return nil, err
		}
		if !writtenElsewhere(workers) {
			wanted[lane] = true
		}
	}
	return wanted, nil
}

// writtenElsewhere tells whether a live worker writes the ticks.
func writtenElsewhere(workers []queue.Worker) bool {
	for _, w := range workers {
		if w.Alive && w.Ticks {
			return true
		}
	}
	return false
}

func (c *Core) write(ctx context.Context, lane queue.Lane) {
	cfg := c.cfg.Writer
	cfg.Lane = lane
	reader := c.queue.Results(lane, queue.GroupTicks, c.cfg.Consumer)
	_ = NewWriter(reader, c.sink, c.queue, cfg).Run(ctx) // returns nil, always
}
