package collect

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// stuckAfter is how long the fold may stand still before the service is not ready: a
// checkpoint of a large fleet takes a second or two.
const stuckAfter = 20 * time.Second

var (
	errLoading = errors.New("loading monitors")
	errStuck   = errors.New("the fold stands still")
)

// Ready returns an error while the fold is not keeping up: it is still loading, stands
// still, or is far behind.
func (f *Fold) Ready() error {
	switch {
	case !f.loaded.Load():
		return errLoading
	case time.Since(time.Unix(0, f.alive.Load())) > stuckAfter:
		return errStuck
	}
	return nil
}

// takeStats hands the window's counts over to be saved; if the one before is still
// waiting, this one is left out.
func (f *Fold) takeStats() {
	var stats []postgres.RegionStat
	for _, l := range f.lanes {
		if l.Region == uptime.RegionHeartbeat {
			continue // a call is never late by itself
		}
		p50, p99 := l.lateness.quantiles()
		stats = append(stats, postgres.RegionStat{
			Region: l.Region, Results: l.lateness.results, Failed: l.lateness.failed, LateP50: p50, LateP99: p99,
		})
		f.cfg.Metrics.late.WithLabelValues(l.Region).Set(p99.Seconds())
		l.lateness = lateness{}
	}
	select {
	case f.stats <- stats:
	default:
	}
}

func (f *Fold) saveStats(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case stats := <-f.stats:
			if err := f.store.SaveRegionStats(ctx, f.cfg.Shard, statWindow, stats); err != nil && ctx.Err() == nil {
				f.cfg.Log.WarnContext(ctx, "cannot save what was seen of the regions", "err", err)
			}
		}
	}
}

// Metrics of the folds of one process.
type Metrics struct {
	results    *prometheus.CounterVec
	late       *prometheus.GaugeVec
	backlog    prometheus.Gauge
	checkpoint prometheus.Histogram
	damaged    prometheus.Counter
}

// NewMetrics registers the metrics with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_results_folded_total", Help: "Results folded and made durable.",
		}, []string{"region"}),
		late: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "probefleet_check_late_p99_seconds", Help: "How late checks began, 99th percentile of the last ten seconds.",
		}, []string{"region"}),
		backlog: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "probefleet_fold_backlog_seconds", Help: "Age up to which results are surely folded; up to four seconds without a backlog.",
		}),
		checkpoint: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "probefleet_checkpoint_seconds", Help: "Time to make durable what was folded.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 15},
		}),
		damaged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_results_damaged_total", Help: "Batches of results that cannot be decoded.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.results, m.late, m.backlog, m.checkpoint, m.damaged)
	}
	return m
}
