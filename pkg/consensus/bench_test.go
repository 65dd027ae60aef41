package consensus

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// steady is a fleet of healthy monitors and one result for each region of each.
func steady(n int) (ms []*Monitor, ss []State, f *Fleet) {
	assigned := []string{"ap-south", "eu-west", "us-east"}
	f = &Fleet{Regions: map[string]Region{}}
	for _, r := range assigned {
		f.Regions[r] = Region{Healthy: true, Live: true}
	}
	ss = make([]State, n)
	var out Actions
	for i := range n {
		m := &Monitor{
			ID: uptime.ID{byte(i), byte(i >> 8), byte(i >> 16)}, Revision: 1, Interval: 30 * time.Second, Timeout: 10 * time.Second,
			Policy: uptime.DefaultPolicy, Assigned: assigned,
		}
		ms = append(ms, m)
		for _, region := range assigned {
			ss[i].Result(m, &uptime.Result{
				Monitor: m.ID, Revision: 1, Region: region, Due: epoch, Outcome: uptime.OutcomePass, Code: 200,
			}, epoch, &out)
		}
		ss[i].Tick(m, f, epoch, &out)
		out.Reset()
	}
	return ms, ss, f
}

// The steady fold: passes after passes, over more monitors than the caches hold.
func BenchmarkFoldSteady(b *testing.B) {
	ms, ss, f := steady(20_000)
	var out Actions
	r := uptime.Result{Revision: 1, Outcome: uptime.OutcomePass, Code: 200, Phases: uptime.Phases{Total: 20 * time.Millisecond}}
	now := epoch
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		k := i / 3 % len(ms)
		if i%(3*len(ms)) == 0 {
			now = now.Add(30 * time.Second)
		}
		r.Monitor, r.Region, r.Due = ms[k].ID, ms[k].Assigned[i%3], now
		ss[k].Result(ms[k], &r, now, &out)
		if n := ss[k].Next(); n != 0 && n <= now {
			ss[k].Tick(ms[k], f, now, &out)
		}
	}
	if !out.Empty() {
		b.Fatalf("the steady fold did %+v", out)
	}
}

func BenchmarkOutage(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		w := newWorld(b, 10*time.Second, "a", "b", "c")
		w.see = during(time.Minute, 2*time.Minute, status(500))
		w.run(3 * time.Minute)
		w.wantIncidents(1, 1)
	}
}

// Nothing is allocated, neither by a result nor by a timer, while nothing changes.
func TestSteadyFoldAllocatesNothing(t *testing.T) {
	ms, ss, f := steady(1)
	var out Actions
	r := uptime.Result{Monitor: ms[0].ID, Revision: 1, Region: "eu-west", Outcome: uptime.OutcomePass, Code: 200, Site: "x", IP: "192.0.2.1"}
	now := epoch
	n := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Second)
		r.Due = now
		for _, r.Region = range ms[0].Assigned {
			ss[0].Result(ms[0], &r, now, &out)
		}
		ss[0].Tick(ms[0], f, now, &out)
		ss[0].next = atOnce
		ss[0].Tick(ms[0], f, now, &out)
	})
	if n != 0 || !out.Empty() {
		t.Errorf("%v allocations, %+v", n, out)
	}
}
