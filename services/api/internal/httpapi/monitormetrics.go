package httpapi

import (
	"bytes"
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// GetMonitorMetrics implements [api.StrictServerInterface]. The series are the caller's
// tenant's, made for the call: nothing is kept between two of them.
func (s *Server) GetMonitorMetrics(ctx context.Context, _ api.GetMonitorMetricsRequestObject) (api.GetMonitorMetricsResponseObject, error) {
	if !s.MonitorMetrics {
		p := notFound("route")
		p.detail = "This fleet does not show monitors to Prometheus; set MONITOR_METRICS=on for the api."
		return nil, p
	}
	websites, err := s.Store.Websites(ctx, callerOf(ctx).Org, postgres.WebsiteFilter{})
	if err != nil {
		return nil, err
	}
	var ids []uptime.ID
	for i := range websites {
		ids = append(ids, monitorIDs(&websites[i])...)
	}
	votes, err := s.Store.Votes(ctx, ids...)
	if err != nil {
		return nil, err
	}
	byMonitor := make(map[uptime.ID][]postgres.Vote, len(ids))
	for _, v := range votes {
		byMonitor[v.Monitor] = append(byMonitor[v.Monitor], v)
	}
	reg := prometheus.NewRegistry()
	if err := reg.Register(&monitorSeries{websites: websites, votes: byMonitor, now: uptime.InstantOf(s.Now())}); err != nil {
		return nil, fmt.Errorf("monitors as metrics: %w", err)
	}
	families, err := reg.Gather()
	if err != nil {
		return nil, fmt.Errorf("monitors as metrics: %w", err)
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, fmt.Errorf("monitors as metrics: %w", err)
		}
	}
	return api.GetMonitorMetrics200TextResponse(text.String()), nil
}

var (
	ofMonitor = []string{"monitor_id", "website", "kind"}
	ofRegion  = []string{"monitor_id", "website", "kind", "region"}

	descUp = prometheus.NewDesc("probefleet_monitor_up",
		"1: the verdict is up or degraded, 0: down. Not there while it is unknown, pending or paused.", ofMonitor, nil)
	descStatus = prometheus.NewDesc("probefleet_monitor_status",
		"1 for the status that the monitor is in.", append(ofMonitor, "status"), nil)
	descSince = prometheus.NewDesc("probefleet_monitor_verdict_since_timestamp_seconds",
		"Since when the verdict is what it is.", ofMonitor, nil)
	descExpiry = prometheus.NewDesc("probefleet_monitor_expiry_timestamp_seconds",
		"When a certificate or domain of the target ends.", append(ofMonitor, "subject"), nil)
	descVote = prometheus.NewDesc("probefleet_monitor_region_up",
		"1: the region's last check passed, 0: it failed. Not there once it is too old to count.", ofRegion, nil)
	descLatency = prometheus.NewDesc("probefleet_monitor_region_latency_seconds",
		"How long the region's last check took, if it passed and is not too old to count.", ofRegion, nil)
	descChecked = prometheus.NewDesc("probefleet_monitor_region_last_check_timestamp_seconds",
		"When the region's last check was due.", ofRegion, nil)
)

// monitorSeries are a tenant's monitors as metrics.
type monitorSeries struct {
	websites []postgres.Website
	votes    map[uptime.ID][]postgres.Vote
	now      uptime.Instant
}

// Describe implements [prometheus.Collector].
func (c *monitorSeries) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descStatus, descSince, descExpiry, descVote, descLatency, descChecked} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *monitorSeries) Collect(to chan<- prometheus.Metric) {
	for i := range c.websites {
		w := &c.websites[i]
		for j := range w.Monitors {
			c.collect(to, w, &w.Monitors[j])
		}
	}
}

func (c *monitorSeries) collect(to chan<- prometheus.Metric, w *postgres.Website, m *postgres.Monitor) {
	labels := []string{m.ID.String(), w.Name, string(m.Kind)}
	gauge := func(d *prometheus.Desc, v float64, more ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append(labels[:3:3], more...)...)
	}
	gauge(descStatus, 1, string(m.Status()))
	if m.Status() == postgres.StatusPaused {
		return
	}
	if m.Judged {
		gauge(descSince, secondsAt(uptime.InstantOf(m.Since)))
	}
	if m.Judged && m.Verdict != uptime.VerdictUnknown {
		gauge(descUp, oneIf(m.Verdict != uptime.VerdictDown))
	}
	for _, e := range m.Expiries {
		gauge(descExpiry, secondsAt(e.At), string(e.Subject))
	}
	for i := range c.votes[m.ID] {
		v := &c.votes[m.ID][i]
		if v.Revision < m.TargetRevision || !v.Outcome.Vote() {
			continue
		}
		gauge(descChecked, secondsAt(v.Due), v.Region)
		if v.Due < c.now.Add(-m.Freshness()) && (m.Kind != uptime.KindHeartbeat || !v.Counted) {
			continue
		}
		gauge(descVote, oneIf(v.Outcome != uptime.OutcomeFail), v.Region)
		if v.Outcome != uptime.OutcomeFail {
			gauge(descLatency, v.Latency.Seconds(), v.Region)
		}
	}
}

func secondsAt(i uptime.Instant) float64 { return float64(i.Time().UnixMilli()) / 1000 }

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
