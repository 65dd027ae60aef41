// Package upkeep keeps what the fold leaves behind in bounds: results that both of
// their readers are done with leave Redis, and history that is older than anybody may
// ask for leaves the database. Verdict spans and incidents are kept for ever.
package upkeep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"

	"github.com/probefleet/probefleet/pkg/queue"
)

const (
	// trimEvery keeps a results stream short: a second's worth of a large fleet is
	// some megabytes.
	trimEvery = time.Second
	trimQuiet = 30 * time.Second // at most one complaint per this
	// DefaultKeep is how long vote spans, finished deliveries and notes of deletions
	// are kept: as long as the coarsest ticks.
	DefaultKeep = 400 * 24 * time.Hour
	// daily is when history is purged: at night in much of the world, and not on the
	// hour, when everybody's jobs run.
	daily     = "17 3 * * *"
	purgeTime = time.Hour // bound of one night's purge
)

// Trims removes results from a lane; [queue.Client] does.
type Trims interface {
	TrimResults(ctx context.Context, l queue.Lane) (queue.Trimmed, error)
}

// Trimmer trims the lanes of one shard.
type Trimmer struct {
	Queue   Trims
	Lanes   func() []queue.Lane
	Metrics *Metrics
	Log     *slog.Logger
}

// Run trims until ctx is cancelled, which it answers with nil.
func (t *Trimmer) Run(ctx context.Context) error {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	var told time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for _, lane := range t.Lanes() {
			trimmed, err := t.Queue.TrimResults(ctx, lane)
			t.Metrics.trimmed.WithLabelValues(lane.Region).Add(float64(trimmed.Entries))
			t.Metrics.ticksLost.WithLabelValues(lane.Region).Add(float64(trimmed.TicksLost))
			if err != nil && ctx.Err() == nil && time.Since(told) > trimQuiet {
				told = time.Now()
				t.Log.WarnContext(ctx, "cannot trim results", "err", err, "lane", lane.String())
			}
		}
	}
}

// History is what grows old; [postgres.Store] holds it.
type History interface {
	PurgeVoteSpans(ctx context.Context, age time.Duration) (int64, error)
	PurgeDeliveries(ctx context.Context, age time.Duration) (int64, error)
	PurgeDeleted(ctx context.Context, age time.Duration) (int64, error)
	PurgeFleetEvents(ctx context.Context, age time.Duration) (int64, error)
	PurgeAudit(ctx context.Context, age time.Duration) (int64, error)
	PurgeSignIns(ctx context.Context) (int64, error)
}

// Purger purges history once a day.
type Purger struct {
	History   History
	Keep      time.Duration // 0: DefaultKeep
	KeepAudit time.Duration // of who changed what; 0: DefaultKeep
	Log       *slog.Logger
}

// Run purges until ctx is cancelled, which it answers with nil once a purge that is
// under way has ended.
func (p *Purger) Run(ctx context.Context) error {
	c := cron.New(cron.WithLocation(time.UTC))
	if _, err := c.AddFunc(daily, func() {
		if err := p.Purge(ctx); err != nil && ctx.Err() == nil {
			p.Log.WarnContext(ctx, "cannot purge history, will try again tomorrow", "err", err)
		}
	}); err != nil {
		return fmt.Errorf("schedule the purge: %w", err)
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

// Purge deletes, in small batches, what is older than is kept.
func (p *Purger) Purge(ctx context.Context) error {
	keep, keepAudit := p.Keep, p.KeepAudit
	if keep <= 0 {
		keep = DefaultKeep
	}
	if keepAudit <= 0 {
		keepAudit = DefaultKeep
	}
	ctx, cancel := context.WithTimeout(ctx, purgeTime)
	defer cancel()
	spans, err1 := p.History.PurgeVoteSpans(ctx, keep)
	deliveries, err2 := p.History.PurgeDeliveries(ctx, keep)
	deleted, err3 := p.History.PurgeDeleted(ctx, keep)
	audit, err4 := p.History.PurgeAudit(ctx, keepAudit)
	signIns, err5 := p.History.PurgeSignIns(ctx)
	events, err6 := p.History.PurgeFleetEvents(ctx, keep)
	p.Log.InfoContext(ctx, "history purged",
		"vote_spans", spans, "deliveries", deliveries, "deleted_monitors", deleted, "audit", audit, "sign_ins", signIns,
		"fleet_events", events)
	return errors.Join(err1, err2, err3, err4, err5, err6)
}

// Metrics of the trimmers of one process.
type Metrics struct {
	trimmed   *prometheus.CounterVec
	ticksLost *prometheus.CounterVec
}

// NewMetrics registers the metrics with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		trimmed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_results_trimmed_total", Help: "Entries removed from results streams because everybody is done with them.",
		}, []string{"region"}),
		ticksLost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_ticks_lost_total", Help: "Results dropped before InfluxDB had them, because Redis was over half full.",
		}, []string{"region"}),
	}
	if reg != nil {
		reg.MustRegister(m.trimmed, m.ticksLost)
	}
	return m
}
