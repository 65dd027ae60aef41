package runner

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// metrics of a worker. Labels are bounded: region (constant), kind, reason, class.
type metrics struct {
	probes       *prometheus.CounterVec // kind, reason
	duration     *prometheus.HistogramVec
	late         prometheus.Histogram
	commits      prometheus.Histogram
	commitTime   prometheus.Histogram
	commitErrors prometheus.Counter
	superseded   prometheus.Counter
	reclaimed    prometheus.Counter
	readErrors   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, region string, g *gate) (*metrics, error) {
	reg = prometheus.WrapRegistererWith(prometheus.Labels{"region": region}, reg)
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "probefleet", Subsystem: "worker", Name: name, Help: help})
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "probefleet", Subsystem: "worker", Name: name, Help: help, Buckets: buckets,
		})
	}
	inFlight := func(class string, get func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "probefleet", Subsystem: "worker", Name: "in_flight", Help: "Checks that run now.",
			ConstLabels: prometheus.Labels{"class": class},
		}, get)
	}
	m := &metrics{
		probes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "probefleet", Subsystem: "worker", Name: "probes_total",
			Help: "Checks finished, by kind and by reason of failure (ok: none).",
		}, []string{"kind", "reason"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "probefleet", Subsystem: "worker", Name: "probe_seconds", Help: "How long probes took.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"kind"}),
		late: histogram("late_seconds", "How long after they were due checks began.",
			[]float64{.001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}),
		commits:      histogram("commit_size", "Checks per commit.", []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}),
		commitTime:   histogram("commit_seconds", "How long commits took.", []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .5, 1, 5}),
		commitErrors: counter("commit_errors_total", "Failed commits; each is tried again."),
		superseded:   counter("superseded_total", "Checks that somebody else had finished, or that were dropped, when they were committed."),
		reclaimed:    counter("reclaimed_total", "Checks taken over from other workers."),
		readErrors:   counter("read_errors_total", "Failed reads of the queue."),
	}
	return m, errors.Join(
		reg.Register(m.probes), reg.Register(m.duration), reg.Register(m.late), reg.Register(m.commits), reg.Register(m.commitTime),
		reg.Register(m.commitErrors), reg.Register(m.superseded), reg.Register(m.reclaimed), reg.Register(m.readErrors),
		reg.Register(inFlight("scheduled", func() float64 { n, _ := g.running(); return float64(n) })),
		reg.Register(inFlight("urgent", func() float64 { _, n := g.running(); return float64(n) })),
	)
}

// finished counts a result. The kind comes out of a message, so that only kinds that
// the worker knows become a label.
func (m *metrics) finished(r *uptime.Result, kind uptime.Kind, known bool) {
	name, reason := string(kind), r.Reason.String()
	if !known {
		name = "other"
	}
	if reason == "" {
		reason = "ok"
	}
	m.probes.WithLabelValues(name, reason).Inc()
	if r.Outcome.Vote() {
		m.duration.WithLabelValues(name).Observe(r.Phases.Total.Seconds())
		m.late.Observe(max(r.Late, 0).Seconds())
	}
}

// rarely says when a repeated complaint may be made again.
type rarely struct{ last time.Time }

func (r *rarely) now() bool {
	if time.Since(r.last) < 30*time.Second {
		return false
	}
	r.last = time.Now()
	return true
}
