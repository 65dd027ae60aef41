package score

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

func at(d time.Duration) uptime.Instant { return world.Epoch.Add(d) }

func TestBound(t *testing.T) {
	t.Parallel()
	slot := func(s ...int) (all []uptime.Instant) {
		for _, s := range s {
			all = append(all, at(time.Duration(s)*time.Second))
		}
		return all
	}
	tests := []struct {
		name             string
		slots            []uptime.Instant
		voters, assigned int
		want             time.Duration
	}{
		{"three regions, one round", slot(5, 25, 45), 3, 3, 20*time.Second + 10*time.Second + 12*time.Second + 3*time.Second},
		{"one of three gone: two rounds, a wider gap", slot(5, 45), 2, 3, 40*time.Second + 10*time.Second + 25*time.Second + 3*time.Second},
		{"two regions", slot(5, 35), 2, 2, 30*time.Second + 10*time.Second + 25*time.Second + 3*time.Second},
		{"one region", slot(65), 1, 1, 60*time.Second + 10*time.Second + 29*time.Second + 3*time.Second},
		{"three vote, one has seen it up", slot(5), 3, 3, 60*time.Second + 10*time.Second + 12*time.Second + 3*time.Second},
	}
	for _, tt := range tests {
		got := Bound(Gap(tt.slots, time.Minute), 10*time.Second, tt.voters, tt.assigned)
		if want := tt.want + 250*time.Millisecond; got != want {
			t.Errorf("%s: D_max %v, want %v", tt.name, got, want)
		}
	}
}

// A demand begins when enough regions see, and is made of what is left of the outage.
func TestDemands(t *testing.T) {
	t.Parallel()
	w, err := world.New(world.Config{
		Name: "demands", Seed: 1, Span: 24 * time.Hour, Monitors: 1, Shard: 1, Intervals: []time.Duration{time.Minute},
		Timeout: 10 * time.Second, Regions: []world.Region{{Name: "a"}, {Name: "b"}, {Name: "c"}}, Sets: [][]int{{0, 1, 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const all, two = 45250 * time.Millisecond, 78250 * time.Millisecond
	gone := []Change{
		{At: at(time.Hour), Region: 0}, {At: at(time.Hour), Region: 1},
		{At: at(2 * time.Hour), Region: 1, Healthy: true}, {At: at(3 * time.Hour), Region: 0, Healthy: true},
	}
	tests := []struct {
		name     string
		from, to time.Duration
		before   time.Duration // end of another outage that began a minute before that
		changes  []Change
		want     Demand
	}{
		{name: "all see", from: time.Hour, to: 2 * time.Hour, want: Demand{From: at(time.Hour), Bound: all}},
		{name: "too short", from: time.Hour, to: time.Hour + 45*time.Second},
		{name: "lasts to the end", from: 23 * time.Hour, to: 25 * time.Hour},
		{name: "unseen end of another", from: 2 * time.Hour, to: 3 * time.Hour, before: 2*time.Hour - time.Minute},
		{name: "hidden", from: 70 * time.Minute, to: 110 * time.Minute, changes: gone, want: Demand{Hidden: true}},
		{
			name: "two of three come back", from: 70 * time.Minute, to: 150 * time.Minute, changes: gone,
			want: Demand{From: at(2*time.Hour + settle), Bound: two},
		},
		{
			name: "seen before they went", from: 50 * time.Minute, to: 110 * time.Minute, changes: gone,
			want: Demand{From: at(50 * time.Minute), Bound: all},
		},
		{
			name: "just after they came back", from: 3*time.Hour + time.Minute, to: 4 * time.Hour, changes: gone,
			want: Demand{From: at(3*time.Hour + time.Minute + settle), Bound: all},
		},
	}
	for _, tt := range tests {
		target := world.Target{Paths: []world.Path{{Region: 0}, {Region: 1}, {Region: 2}}}
		if tt.before > 0 {
			target.Outages = append(target.Outages, world.Episode{Start: at(tt.before - time.Minute), End: at(tt.before)})
		}
		target.Outages = append(target.Outages, world.Episode{Start: at(tt.from), End: at(tt.to)})
		j := Judge{
			View: w.View(), Target: &target, Slots: []uptime.Instant{at(0), at(20 * time.Second), at(40 * time.Second)},
			Changes: tt.changes, Interval: time.Minute, Timeout: 10 * time.Second,
		}
		demands := j.Demands()
		if diff := cmp.Diff(tt.want, demands[len(demands)-1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	minute := func(m float64) uptime.Instant { return at(time.Duration(m * float64(time.Minute))) }
	var outages []world.Episode
	for _, m := range []float64{10, 20, 30, 40} {
		outages = append(outages, world.Episode{Start: minute(m), End: minute(m + 5)})
	}
	demands := []Demand{
		{From: minute(10), Bound: time.Minute}, {From: minute(20), Bound: time.Minute}, {From: minute(30), Bound: time.Minute}, {},
	}
	w := NewWatch(7, 3, outages, 30*time.Second, 10*time.Second)
	for _, i := range []struct {
		at, end float64
		falsely bool
	}{{5, 6, true}, {10.5, 12, false}, {19, 26, true}, {32, 33, false}, {46, 47, false}, {50, 51, true}} {
		if got := w.Opened(rules.Ours, minute(i.at), i.at != 50); got != i.falsely {
			t.Errorf("incident at %v: false alarm %v", i.at, got)
		}
		w.Closed(rules.Ours, minute(i.end))
	}
	b := NewBook()
	w.Finish(b, demands, at(365*24*time.Hour))
	want := Tally{
		Opened: 6, Alerts: 5, False: 3, Demanded: 3, Late: 1,
		Detect: []time.Duration{30 * time.Second, 2 * time.Minute}, // the second was open already
	}
	got, years := b.Total(rules.Ours)
	if diff := cmp.Diff(want, got); diff != "" || years != 1 {
		t.Errorf("%v years (-want +got):\n%s", years, diff)
	}
	if other, _ := b.Total(rules.Any); other.Missed != 3 || other.Demanded != 3 {
		t.Errorf("of a rule that did nothing: %+v", other)
	}
	if c := b.Classes[4]; c.Outages != 4 || c.Found != 4 {
		t.Errorf("outages of five minutes: %+v", c)
	}
	if len(b.Missed) != 1 || b.Missed[0].Monitor != 7 {
		t.Errorf("to be looked at: %+v", b.Missed)
	}
	sum := NewBook()
	sum.Add(b)
	sum.Add(b)
	if twice, years := sum.Total(rules.Ours); twice.False != 6 || len(twice.Detect) != 4 || years != 2 {
		t.Errorf("added twice: %+v, %v years", twice, years)
	}
}
