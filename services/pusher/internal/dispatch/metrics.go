package dispatch

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// The reasons for which slots are missed.
const (
	missedSuperseded = "superseded" // worthless after a stall
	missedShed       = "shed"       // Redis is short of memory
)

type metrics struct {
	pushed  *prometheus.CounterVec
	missed  *prometheus.CounterVec
	late    *prometheus.HistogramVec
	lag     *prometheus.GaugeVec
	resets  *prometheus.CounterVec
	refused *prometheus.CounterVec
	expired *prometheus.CounterVec
	dropped *prometheus.CounterVec
	held    prometheus.Gauge
	memory  prometheus.Gauge
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "probefleet_pusher_" + name, Help: help}, labels)
	}
	return &metrics{
		pushed:  counter("pushed_total", "Checks sent, by kind: scheduled or urgent.", "region", "kind"),
		missed:  counter("missed_total", "Slots that were due and not sent.", "region", "reason"),
		resets:  counter("cursor_resets_total", "Cursors found in the future and reset; each is worth an alarm.", "region"),
		refused: counter("push_failures_total", "Pushes that failed or were refused, by kind.", "region", "kind"),
		expired: counter("expired_total", "Checks that nobody took in time and that were removed.", "region"),
		dropped: counter("dropped_total", "Queued checks removed with their monitor.", "region"),
		late: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "probefleet_pusher_late_seconds", Help: "How long after its instant a slot was in Redis.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"region"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "probefleet_pusher_cursor_lag_seconds", Help: "How far the slots sent are behind fleet time.",
		}, []string{"region"}),
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "probefleet_pusher_leases_held", Help: "Shards that this pusher is in charge of.",
		}),
		memory: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "probefleet_pusher_redis_memory_ratio", Help: "Redis' memory in use as a share of its maxmemory; 0 without a limit.",
		}),
	}
}

// Collect registers the metrics with reg.
func (d *Dispatcher) Collect(reg prometheus.Registerer) error {
	m := d.metrics
	var errs []error
	for _, c := range []prometheus.Collector{
		m.pushed, m.missed, m.late, m.lag, m.resets, m.refused, m.expired, m.dropped, m.held, m.memory,
	} {
		errs = append(errs, reg.Register(c))
	}
	return errors.Join(errs...)
}
