package consensus

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// spend takes what there is to have at a moment.
func spend(b *Budget, region string, now uptime.Instant, recovery bool) (n int) {
	for b.Has(region, now, recovery) {
		b.Take(region, 1, now)
		n++
	}
	return n
}

func TestBudget(t *testing.T) {
	t.Parallel()
	var b Budget
	if n := spend(&b, "eu", epoch, false); n != 200 {
		t.Errorf("%d at first, want the floor of one second", n)
	}
	if n := spend(&b, "eu", epoch.Add(100*time.Millisecond), false); n != 20 {
		t.Errorf("%d after 100 ms, want 20", n)
	}
	if n := spend(&b, "us", epoch, false); n != 200 {
		t.Errorf("%d in a region of its own, want 200", n)
	}
	b.SetRate("eu", 400)
	if n := spend(&b, "eu", epoch.Add(time.Hour), false); n != 1600 {
		t.Errorf("%d at 400 scheduled a second, want four times as many", n)
	}
	if n := spend(&b, "eu", epoch, false); n != 0 {
		t.Errorf("a clock that goes back fills the bucket with %d", n)
	}
	b.SetRate("eu", 1)
	if n := spend(&b, "eu", epoch.Add(2*time.Hour), false); n != UrgentFloor {
		t.Errorf("%d, want never below %d", n, UrgentFloor)
	}
	if b.Refused("eu") == 0 || b.Refused("nowhere") != 0 {
		t.Errorf("refused %d and %d", b.Refused("eu"), b.Refused("nowhere"))
	}
}

func TestBudgetKeepsHalfForConfirmations(t *testing.T) {
	t.Parallel()
	var b Budget
	if n := spend(&b, "eu", epoch, true); n != 100 {
		t.Errorf("recovery took %d, want half", n)
	}
	if n := spend(&b, "eu", epoch, false); n != 100 {
		t.Errorf("%d left for confirmations, want the other half", n)
	}
}

// A fleet-wide outage is confirmed within the budget, and nobody is forgotten.
func TestBudgetStorm(t *testing.T) {
	t.Parallel()
	shared := &Budget{}
	var worlds []*world
	for range 500 {
		w := newWorld(t, time.Minute, "a", "b", "c")
		w.f.Budget = shared
		w.see = during(3*time.Minute, forever, status(500))
		worlds = append(worlds, w)
	}
	// All share one clock: step them together.
	for d := 3 * time.Minute; d < 4*time.Minute; d += 100 * time.Millisecond {
		for _, w := range worlds {
			w.run(d)
		}
	}
	asked := 0
	for _, w := range worlds {
		w.wantIncidents(1, 0)
		asked += len(w.did.Rechecks)
	}
	if most := UrgentFloor * 61; asked > most {
		t.Errorf("%d rounds in a minute, the budget allows %d", asked, most)
	}
}
