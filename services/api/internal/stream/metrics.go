package stream

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	clients prometheus.Gauge
	refused prometheus.Counter
	slow    prometheus.Counter
	skipped prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		clients: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "probefleet_live_clients", Help: "Open streams of live events.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_live_refused_total", Help: "Streams refused because there were too many.",
		}),
		slow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_live_slow_total", Help: "Streams ended because the client did not keep up.",
		}),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probefleet_live_ticks_skipped_total", Help: "Times that results of a lane were skipped because there were too many to look at.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.clients, m.refused, m.slow, m.skipped)
	}
	return m
}
