package incident

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// Metrics of a [Writer].
type Metrics struct {
	transitions *prometheus.CounterVec
	troubles    *prometheus.CounterVec
	refused     prometheus.Counter
	lost        prometheus.Counter
	retries     prometheus.Counter
	seconds     prometheus.Histogram
}

// NewMetrics registers the metrics with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_transitions_total", Help: "Verdicts that changed, incidents opened and resolved, advisories begun and ended, warnings of what ends.",
		}, []string{"kind"}),
		troubles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_fleet_events_total", Help: "Begins and ends of what troubles the fleet itself.",
		}, []string{"kind"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_transitions_refused_total", Help: "Transitions of monitors that had changed meanwhile.",
		}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_transitions_lost_total", Help: "Judgements that the database will not take: an alarm.",
		}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_record_retries_total", Help: "Transactions tried again because the database could not be reached.",
		}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "probefleet_transition_seconds", Help: "Time to commit transitions with their alerts.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 15},
		}),
	}
	if reg != nil {
		reg.MustRegister(m.transitions, m.troubles, m.refused, m.lost, m.retries, m.seconds)
	}
	return m
}

func (m *Metrics) observe(units []unit.Unit, refused int, took time.Duration) {
	m.refused.Add(float64(refused))
	transition := false
	for i := range units {
		u := &units[i]
		transition = transition || u.Transition()
		for _, v := range u.Verdicts {
			m.transitions.WithLabelValues(v.To.String()).Inc()
		}
		m.transitions.WithLabelValues("opened").Add(float64(len(u.Opened)))
		m.transitions.WithLabelValues("resolved").Add(float64(len(u.Resolved)))
		m.transitions.WithLabelValues("advisory").Add(float64(len(u.Advisories)))
		for j := range u.Expiries {
			if u.Expiries[j].Warn {
				m.transitions.WithLabelValues("expiry").Inc()
			}
		}
	}
	if transition {
		m.seconds.Observe(took.Seconds())
	}
}
