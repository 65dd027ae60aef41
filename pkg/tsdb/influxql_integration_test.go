//go:build integration

package tsdb_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/testenv"
	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestBothLanguagesAnswerTheSame(t *testing.T) {
	t.Parallel()
	cfg := influxtest.Config(t)
	if cfg.Org != "" {
		t.Skipf("%s is set: an InfluxDB 2.x is asked in Flux only", testenv.InfluxOrg)
	}
	client, err := tsdb.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	end := time.Now().Truncate(time.Hour)
	begin := end.Add(-6 * time.Hour)
	monitors := []uptime.ID{uptime.NewID(end), uptime.NewID(end), uptime.NewID(end)}
	var ticks []uptime.Result
	for n := range 3 * 6 * 12 {
		one := uptime.Result{
			Monitor: monitors[n%3], Region: []string{"eu-west", "us-east"}[n%2], Due: uptime.InstantOf(begin.Add(time.Duration(n/3) * 5 * time.Minute)),
			Revision: 1, Outcome: uptime.OutcomePass, Code: 200, Phases: uptime.Phases{DNS: 1e6, TTFB: 4e7, Total: time.Duration(n+1) * 1_234_567},
		}
		if n%7 == 0 || n%3 == 2 { // one of the monitors has never passed
			one.Outcome, one.Reason, one.Code = uptime.OutcomeFail, uptime.ReasonConnectTimeout, 0
		}
		ticks = append(ticks, one)
	}
	if err := client.Write(t.Context(), ticks); err != nil {
		t.Fatal(err)
	}
	for _, level := range []tsdb.Level{tsdb.Level5m, tsdb.Level1h} {
		if _, err := client.RollUp(t.Context(), level, begin, end); err != nil {
			t.Fatal(err)
		}
	}
	for _, level := range []tsdb.Level{tsdb.LevelRaw, tsdb.Level5m, tsdb.Level1h} {
		for _, of := range [][]uptime.ID{monitors, monitors[:2], {uptime.NewID(end)}} {
			answers, err := client.Answers(t.Context(), level, of, begin.Add(time.Hour), end.Add(-time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
				t.Errorf("%s of %d monitors (-Flux +InfluxQL):\n%s", level, len(of), diff)
			}
			if want := 2 * len(of); len(answers[1]) != want && len(of) > 1 {
				t.Errorf("%s of %d monitors: %d series, want %d", level, len(of), len(answers[1]), want)
			}
		}
	}
}
