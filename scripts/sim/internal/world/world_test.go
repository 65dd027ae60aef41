package world

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func small(change func(*Config)) Config {
	c := Config{
		Name: "small", Seed: 3, Span: 30 * 24 * time.Hour, Monitors: 10, Shard: 10, Intervals: []time.Duration{time.Minute},
		Timeout: 10 * time.Second, Regions: []Region{{Name: "a"}, {Name: "b", Site: "box"}}, Sets: [][]int{{0, 1}},
	}
	change(&c)
	return c
}

func view(t *testing.T, c Config) *View {
	t.Helper()
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w.View()
}

// slots walks one path over the whole time, minute by minute.
func slots(v *View, t *Target, rank int, each func(due uptime.Instant, kind Kind, took time.Duration)) {
	p := &t.Paths[rank]
	for due := Epoch; due < v.End(); due = due.Add(time.Minute) {
		lost := due == p.Lost
		if lost {
			p.Skip()
		}
		kind, took := v.Probe(t, rank, due, p.Start(due), lost)
		each(due, kind, took)
	}
}

// Independent loss takes the share of checks that two attempts, or one silent one,
// leave; of scheduled checks, drawn by their gaps, and of urgent ones alike.
func TestLoss(t *testing.T) {
	t.Parallel()
	for _, loss := range []Loss{{Attempt: 0.1}, {Attempt: 0.1, Silent: 0.3}, {Attempt: 0.02, Silent: 1}} {
		v := view(t, small(func(c *Config) { c.Loss = loss }))
		target := v.Target(0, []uptime.Instant{Epoch, Epoch})
		n, scheduled, urgent, silent := 0, 0, 0, 0
		slots(v, &target, 0, func(due uptime.Instant, kind Kind, took time.Duration) {
			n++
			if kind != None {
				scheduled++
			}
			if kind == Silent {
				silent++
				if took < v.Timeout {
					t.Errorf("%+v: silence of %v", loss, took)
				}
			}
			if kind, _ := v.Probe(&target, 0, due+1, due, false); kind != None {
				urgent++
			}
		})
		want := loss.Attempt*loss.Silent + loss.Attempt*loss.Attempt*(1-loss.Silent)
		bound := 5 * math.Sqrt(want/float64(n))
		for what, got := range map[string]int{"scheduled": scheduled, "urgent": urgent} {
			if share := float64(got) / float64(n); math.Abs(share-want) > bound {
				t.Errorf("%+v: %.4f of the %s checks are lost, want %.4f ± %.4f", loss, share, what, want, bound)
			}
		}
		if (silent > 0) != (loss.Silent > 0) {
			t.Errorf("%+v: %d silent", loss, silent)
		}
	}
}

// What is broken is seen by whom it concerns, as long as it lasts.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	hour := func(n int) uptime.Instant { return Epoch.Add(time.Duration(n) * time.Hour) }
	v := view(t, small(func(*Config) {}))
	target := v.Target(0, []uptime.Instant{Epoch, Epoch})
	target.track.All = []Episode{{Start: hour(1), End: hour(2), Kind: Answer}}
	v.site[1].All = []Episode{{Start: hour(3), End: hour(4), Kind: Quick, Loss: 1}}
	v.sick[0].All = []Episode{{Start: hour(5), End: hour(6), Kind: Answer, Loss: 1}}
	target.Paths[1].cut = renewal{now: Episode{Start: hour(7), End: hour(8), Kind: Silent}}
	seen := map[int][2]Kind{}
	for n := range 9 {
		at := hour(n).Add(30 * time.Minute)
		var kinds [2]Kind
		for rank := range kinds {
			if n == 7 && rank == 1 {
				target.Paths[1].cut.draw = (&Cuts{Every: 1000 * time.Hour, Min: 1, Max: 2}).draw
			}
			kinds[rank], _ = v.Probe(&target, rank, at, at, false)
		}
		state, _ := v.Canary(1, at)
		if blind := n == 3; (state == uptime.CanaryFailed) != blind {
			t.Errorf("hour %d: canary of b %v", n, state)
		}
		if state, _ := v.Canary(0, at); state != uptime.CanaryPassed {
			t.Errorf("hour %d: canary of a %v", n, state)
		}
		if kinds != [2]Kind{} {
			seen[n] = kinds
		}
	}
	want := map[int][2]Kind{1: {Answer, Answer}, 3: {None, Quick}, 5: {Answer, None}, 7: {None, Silent}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("what a and b see, by hour (-want +got):\n%s", diff)
	}
}

// The edges: a network that comes back within a check makes it slow, one that goes
// away within it makes it silent, and a canary is shared for a second.
func TestEdges(t *testing.T) {
	t.Parallel()
	at := Epoch.Add(time.Hour)
	probe := func(start uptime.Instant, kind Kind) (Kind, time.Duration) {
		v := view(t, small(func(*Config) {}))
		v.site[1].All = []Episode{{Start: at, End: at.Add(2 * time.Second), Kind: kind, Loss: 1}}
		target := v.Target(0, []uptime.Instant{Epoch, Epoch})
		got, took := v.Probe(&target, 1, start, start, false)
		return got, took - target.Paths[1].RTT()
	}
	if kind, took := probe(at, Silent); kind != None || took != 3*time.Second {
		t.Errorf("comes back after 2 s: %v, %v more than a round trip", kind, took)
	}
	if kind, took := probe(at-1, Quick); kind != None || took != 3*time.Second {
		t.Errorf("goes away for 2 s while the answer is on its way: %v, %v", kind, took)
	}
	if kind, _ := probe(at, Quick); kind != Quick {
		t.Errorf("refused twice: %v", kind)
	}

	v := view(t, small(func(*Config) {}))
	v.site[1].All = []Episode{{Start: at, End: at.Add(time.Hour), Kind: Quick, Loss: 1}}
	for _, tt := range []struct {
		after time.Duration
		want  uptime.CanaryState
	}{{-200, uptime.CanaryPassed}, {700, uptime.CanaryPassed}, {900, uptime.CanaryFailed}} {
		now := at.Add(tt.after * time.Millisecond)
		if got, over := v.Canary(1, now); got != tt.want || over.Sub(now) > canaryTimeout {
			t.Errorf("%d ms after the network went away: canary %v at %v", tt.after, got, over.Sub(now))
		}
	}
	if got, _ := v.CanaryAgain(1, at.Add(700*time.Millisecond)); got != uptime.CanaryFailed {
		t.Errorf("asked again: %v", got)
	}
}

// While a view says that all is calm, nothing fails but what independent loss takes.
func TestCalm(t *testing.T) {
	t.Parallel()
	v := view(t, small(func(c *Config) {
		c.Paths = Bursts{Every: 10 * time.Hour, Mean: 10 * time.Minute, Loss: Loss{Attempt: 0.9}}
		c.Uplink = Bursts{Every: 50 * time.Hour, Mean: 10 * time.Minute, Loss: Loss{Attempt: 0.9}}
		c.Cuts = Cuts{Every: 100 * time.Hour, Min: time.Minute, Max: time.Hour}
		c.Sick = Sickness{Every: 50 * time.Hour, Min: time.Minute, Max: time.Hour, Least: 0.5}
		c.Sites = SiteLoss{Site: "box", Every: 50 * time.Hour, Min: time.Minute, Max: time.Hour, Loss: 1}
		c.Outage = Outages{PerYear: 300, Min: time.Second, Max: time.Hour}
		c.Flaps = Flapping{PerYear: 20, Session: time.Hour, Min: 20 * time.Second, Max: time.Minute}
	}))
	target := v.Target(1, []uptime.Instant{Epoch, Epoch})
	calm, failed := 0, 0
	var wake uptime.Instant
	slots(v, &target, 1, func(due uptime.Instant, kind Kind, _ time.Duration) {
		start := target.Paths[1].Start(due)
		if wake <= start {
			wake = v.Calm(&target, start)
		}
		switch {
		case wake > start.Add(time.Second):
			calm++
			if kind != None {
				t.Errorf("%v fails at %v, calm until %v", kind, start.Sub(Epoch), wake.Sub(Epoch))
			}
		case kind != None:
			failed++
		}
	})
	if calm < 30_000 || failed < 500 {
		t.Errorf("calm in %d slots, %d fail otherwise", calm, failed)
	}
}

func TestOutagesLieApart(t *testing.T) {
	t.Parallel()
	v := view(t, small(func(c *Config) {
		c.Outage = Outages{PerYear: 2000, Min: time.Second, Max: 24 * time.Hour}
		c.Flaps = Flapping{PerYear: 500, Session: time.Hour, Min: time.Second, Max: time.Minute}
	}))
	all := v.Target(0, []uptime.Instant{Epoch, Epoch}).Outages
	if len(all) < 100 {
		t.Fatalf("%d outages", len(all))
	}
	for i := 1; i < len(all); i++ {
		if all[i].Start <= all[i-1].End {
			t.Errorf("outage %d begins before the one before is over", i)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"interval": func(c *Config) { c.Intervals = []time.Duration{1100 * time.Millisecond} },
		"timeout":  func(c *Config) { c.Timeout = time.Minute },
		"monitors": func(c *Config) { c.Monitors = 0 },
		"share":    func(c *Config) { c.Loss.Attempt = 2 },
	} {
		if _, err := New(small(change)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
