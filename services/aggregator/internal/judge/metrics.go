package judge

import "github.com/prometheus/client_golang/prometheus"

// Metrics of the judges of one process.
type Metrics struct {
	monitors      prometheus.Gauge
	orphans       prometheus.Counter
	budgetRefused *prometheus.CounterVec
	dropped       prometheus.Counter
}

// NewMetrics registers the metrics with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		monitors: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "probefleet_judge_monitors", Help: "Monitors that are judged here.",
		}),
		orphans: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_judge_orphans_total", Help: "Results of monitors that do not exist any more.",
		}),
		budgetRefused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_urgent_budget_refused_total", Help: "Confirmations refused by a region's urgent budget.",
		}, []string{"region"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_failures_dropped_total", Help: "Failed checks whose evidence was dropped, because too much waited to be written.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.monitors, m.orphans, m.budgetRefused, m.dropped)
	}
	return m
}
