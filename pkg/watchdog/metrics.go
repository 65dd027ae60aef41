package watchdog

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/postgres"
)

// Metrics of a [Watchdog]. Only the process that watches has the gauges.
type Metrics struct {
	balance  *prometheus.GaugeVec
	checks   *prometheus.GaugeVec
	restarts *prometheus.CounterVec
	still    *prometheus.GaugeVec
	stalled  *prometheus.GaugeVec
	pings    *prometheus.CounterVec
}

// NewMetrics registers the metrics with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		balance: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "probefleet_ledger_balance", Help: "Checks of the last hour that cannot be accounted for; other than 0 something is wrong.",
		}, []string{"region"}),
		checks: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "probefleet_ledger_checks", Help: "What became of the scheduled checks of the last hour.",
		}, []string{"region", "kind"}),
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_ledger_restarts_total", Help: "How often a ledger began anew: Redis had lost its data.",
		}, []string{"region"}),
		still: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "probefleet_stage_still_seconds", Help: "For how long a stage has stood still; a few seconds are nothing.",
		}, []string{"region", "kind"}),
		stalled: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "probefleet_stage_stalled", Help: "1 for a stage that stands still.",
		}, []string{"region", "kind"}),
		pings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_healthcheck_pings_total", Help: "Pings of HEALTHCHECK_PING_URL: sent, failed, or withheld because not all moves.",
		}, []string{"kind"}),
	}
	if reg != nil {
		reg.MustRegister(m.balance, m.checks, m.restarts, m.still, m.stalled, m.pings)
	}
	return m
}

func (m *Metrics) observe(hours map[string]Hour, ages map[Trouble]time.Duration, stalls []Stall) {
	m.balance.Reset()
	m.checks.Reset()
	for region, h := range hours {
		m.balance.WithLabelValues(region).Set(float64(h.Balance))
		m.restarts.WithLabelValues(region).Add(0) // an alarm on a rate needs its series from the start
		for kind, n := range map[string]int64{
			"scheduled": h.Scheduled - h.Dropped, "done": h.Done, "expired": h.Expired, "invalid": h.Invalid,
			"missed": h.Missed + h.Dropped, "waiting": h.Waiting,
		} {
			m.checks.WithLabelValues(region, kind).Set(float64(n))
		}
	}
	m.still.Reset()
	m.stalled.Reset()
	for t, age := range ages {
		stage := strings.TrimPrefix(t.Kind, postgres.FleetStalled)
		m.still.WithLabelValues(t.Region, stage).Set(age.Seconds())
		m.stalled.WithLabelValues(t.Region, stage).Set(0)
	}
	for i := range stalls {
		m.stalled.WithLabelValues(stalls[i].Region, strings.TrimPrefix(stalls[i].Kind, postgres.FleetStalled)).Set(1)
	}
}

// rest takes the gauges back: another process watches now.
func (m *Metrics) rest() {
	for _, g := range []*prometheus.GaugeVec{m.balance, m.checks, m.still, m.stalled} {
		g.Reset()
	}
}
