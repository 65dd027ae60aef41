//go:build integration

package tsdb_test

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// BenchmarkWrite writes ticks of 5,000 monitors in batches of 5,000, as the writer does
// that catches up, and waits for InfluxDB each time. An operation is one tick.
func BenchmarkWrite(b *testing.B) {
	const batch = 5000
	client := influxtest.Client(b)
	ticks := make([]uptime.Result, batch)
	due := time.Now().Add(-24 * time.Hour).Truncate(time.Minute)
	for i := range ticks {
		ticks[i] = uptime.Result{
			Monitor: uptime.NewID(due), Revision: 1, Region: "eu-west", Outcome: uptime.OutcomePass, Code: 200, Attempts: 1,
			Phases: uptime.Phases{DNS: 1e6, Connect: 5e6, TTFB: 9e6, Transfer: 1e5, Total: 2e7}, Late: 3 * time.Millisecond,
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += batch {
		due = due.Add(time.Second)
		for i := range ticks {
			ticks[i].Due = uptime.InstantOf(due)
		}
		if err := client.Write(b.Context(), ticks); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLatency reads the chart of 30 days of one monitor in three regions from hours.
func BenchmarkLatency(b *testing.B) {
	client := influxtest.Client(b)
	end := time.Now().Truncate(time.Hour)
	begin, monitor := end.Add(-30*24*time.Hour), uptime.NewID(end)
	var ticks []uptime.Result
	for at := begin; at.Before(end); at = at.Add(time.Hour) {
		for n, region := range []string{"eu-west", "us-east", "ap-south"} {
			ticks = append(ticks, uptime.Result{
				Monitor: monitor, Region: region, Due: uptime.InstantOf(at.Add(time.Minute)), Revision: 1, Outcome: uptime.OutcomePass, Code: 200,
				Phases: uptime.Phases{TTFB: 40 * time.Millisecond, Total: time.Duration(60+20*n) * time.Millisecond},
			})
		}
	}
	if err := client.Write(b.Context(), ticks); err != nil {
		b.Fatal(err)
	}
	for _, level := range []tsdb.Level{tsdb.Level5m, tsdb.Level1h} {
		if _, err := client.RollUp(b.Context(), level, begin, end); err != nil {
			b.Fatal(err)
		}
		if err := client.SetProgress(b.Context(), level, end); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		series, err := client.Latency(b.Context(), tsdb.SeriesQuery{Monitor: monitor, From: begin, To: end})
		if err != nil || len(series.Regions) != 3 {
			b.Fatalf("%d regions, %v", len(series.Regions), err)
		}
	}
}
