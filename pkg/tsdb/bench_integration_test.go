//go:build integration

package tsdb_test

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
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
