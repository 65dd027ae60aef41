package ticks

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are shared by the writers of a process. Their label is the region.
type Metrics struct {
	written, retries, dead *prometheus.CounterVec
	lag                    *prometheus.GaugeVec
}

// NewMetrics returns metrics that are not registered yet.
func NewMetrics() *Metrics {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "probefleet", Subsystem: "ticks", Name: name, Help: help}, []string{"region"})
	}
	return &Metrics{
		written: counter("written_total", "Ticks stored in InfluxDB."),
		retries: counter("retries_total", "Failed writes; each is tried again."),
		dead:    counter("dead_total", "Ticks that went to the dead letters."),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "probefleet", Subsystem: "ticks", Name: "lag_seconds",
			Help: "Age of the oldest results when they were last taken to be written.",
		}, []string{"region"}),
	}
}

// Register registers the metrics with reg.
func (m *Metrics) Register(reg prometheus.Registerer) error {
	return errors.Join(reg.Register(m.written), reg.Register(m.retries), reg.Register(m.dead), reg.Register(m.lag))
}
