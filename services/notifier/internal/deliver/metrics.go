package deliver

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/alert/channelspec"
)

// The outcomes in metrics.
const (
	outcomeDelivered  = "delivered"
	outcomeRetried    = "retried"
	outcomeDead       = "dead"
	outcomeSuppressed = "suppressed"
	outcomeCombined   = "combined"
	outcomeTestFailed = "test_failed"
)

// Metrics are what the notifier counts.
type Metrics struct {
	deliveries *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	sending    *prometheus.HistogramVec
	pending    prometheus.Gauge
	oldest     prometheus.Gauge
	lost       prometheus.Counter
}

// NewMetrics registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_notifier_deliveries_total",
			Help: "Deliveries by kind of channel and outcome; dead is one to be alarmed on, retried counts attempts.",
		}, []string{"kind", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "probefleet_notifier_delivery_seconds",
			Help:    "From the transaction of the event to the delivered alert.",
			Buckets: []float64{.05, .1, .2, .3, .5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200},
		}, []string{"kind"}),
		sending: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "probefleet_notifier_send_seconds",
			Help:    "One attempt to send, successful or not.",
			Buckets: []float64{.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 15},
		}, []string{"kind"}),
		pending: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "probefleet_notifier_pending", Help: "Deliveries that are not finished.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "probefleet_notifier_oldest_pending_seconds", Help: "Age of the oldest delivery that is not finished.",
		}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_notifier_requeued_total", Help: "Overdue deliveries that got a new job.",
		}),
	}
	reg.MustRegister(m.deliveries, m.seconds, m.sending, m.pending, m.oldest, m.lost)
	for _, kind := range channelspec.Kinds { // an alarm on a rate needs its series from the start
		m.deliveries.WithLabelValues(string(kind), outcomeDead)
		m.deliveries.WithLabelValues(string(kind), outcomeDelivered)
	}
	return m
}

// kindLabel bounds a label to the kinds that there are.
func kindLabel(kind string) string {
	if channelspec.KnownKind(kind) {
		return kind
	}
	return "unknown"
}

func (m *Metrics) count(kind, outcome string, n int) {
	if n > 0 {
		m.deliveries.WithLabelValues(kindLabel(kind), outcome).Add(float64(n))
	}
}

func (m *Metrics) sent(kind string, took time.Duration) {
	m.sending.WithLabelValues(kindLabel(kind)).Observe(took.Seconds())
}

func (m *Metrics) delivered(kind string, took time.Duration, combined int) {
	m.count(kind, outcomeDelivered, 1)
	m.count(kind, outcomeCombined, combined)
	m.seconds.WithLabelValues(kindLabel(kind)).Observe(took.Seconds())
}

func (m *Metrics) backlog(pending int64, oldest time.Duration) {
	m.pending.Set(float64(pending))
	m.oldest.Set(oldest.Seconds())
}

func (m *Metrics) requeued(n int) { m.lost.Add(float64(n)) }
