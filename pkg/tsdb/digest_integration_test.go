//go:build integration

package tsdb_test

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// What many monitors' digests tell together is what was written of each, wherever the
// roll-ups have got to, and of no other monitor.
func TestDigestsOfManyMonitors(t *testing.T) {
	t.Parallel()
	c := influxtest.Client(t)
	a, b, other := newMonitor(), newMonitor(), newMonitor()
	now := time.Now()
	start := now.Add(-5 * time.Hour).Truncate(time.Hour)
	var all []uptime.Result
	n := 0
	for due := start; due.Before(now); due = due.Add(time.Minute) {
		n++
		all = append(all, pass(a, "eu", due, 10*time.Millisecond), pass(b, "us", due, 40*time.Millisecond), fail(b, "eu", due, uptime.ReasonStatus),
			pass(other, "eu", due, time.Second))
	}
	write(t, c, all...)
	rollUp(t, c, start, now.Truncate(5*time.Minute))
	got, err := c.Digests(t.Context(), tsdb.DigestQuery{Monitors: []uptime.ID{a, b}, From: start, To: now, Coarsest: tsdb.Level1h})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || len(got[a]) != 1 || len(got[b]) != 2 {
		t.Fatalf("monitors and regions: %v", got)
	}
	d := tsdb.Join(got[a]["eu"], nil, got[b]["us"], got[b]["eu"])
	if d.Count() != 3*n || d.OK() != 2*n || (d.Mean()-25*time.Millisecond).Abs() > time.Millisecond || d.Max() != 40*time.Millisecond {
		t.Errorf("%d checks, %d passed, mean %s, longest %s, want of %d", d.Count(), d.OK(), d.Mean(), d.Max(), n)
	}
	before := d.Quantiles(0.25, 0.95)
	d.Compact()
	if after := d.Quantiles(0.25, 0.95); (before[0]-10*time.Millisecond).Abs() > time.Millisecond || (before[1]-40*time.Millisecond).Abs() > time.Millisecond ||
		(after[1]-before[1]).Abs() > time.Millisecond {
		t.Errorf("quantiles %v, compacted %v", before, after)
	}
	ok := 0
	for _, h := range d.Hours {
		ok += h.OK
	}
	if ok != 2*n || len(d.Hours) < 5 {
		t.Errorf("%d passed in %d hours", ok, len(d.Hours))
	}
}
