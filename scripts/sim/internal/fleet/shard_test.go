package fleet

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

// rough is a world in which everything breaks, much more often than in a real one.
func rough(monitors int, span time.Duration) world.Config {
	return world.Config{
		Name: "rough", Seed: 1, Span: span, Monitors: monitors, Shard: monitors,
		Intervals: []time.Duration{time.Minute, 30 * time.Second, 5 * time.Minute, 10 * time.Second}, Timeout: 10 * time.Second,
		Regions: []world.Region{{Name: "a"}, {Name: "b", Site: "box"}, {Name: "c", Site: "box"}, {Name: "d"}, {Name: "e", Site: "box"}},
		Sets:    [][]int{{0, 1, 3}, {1, 2, 4}, {0, 1, 2, 3, 4}, {3}, {0, 3}, {0, 1, 2, 3}},
		Loss:    world.Loss{Attempt: 0.02, Silent: 0.05},
		Paths:   world.Bursts{Every: 6 * time.Hour, Mean: 30 * time.Second, Loss: world.Loss{Attempt: 0.6, Silent: 0.3}},
		Uplink:  world.Bursts{Every: 12 * time.Hour, Mean: time.Minute, Loss: world.Loss{Attempt: 0.4, Silent: 0.3}},
		Cuts:    world.Cuts{Every: 24 * time.Hour, Min: time.Minute, Max: 2 * time.Hour},
		Sick:    world.Sickness{Every: 40 * time.Minute, Min: 2 * time.Minute, Max: 20 * time.Minute, Least: 0.1},
		Sites:   world.SiteLoss{Site: "box", Every: time.Hour, Min: 10 * time.Second, Max: 20 * time.Minute, Loss: 1},
		Outage:  world.Outages{PerYear: 600, Min: time.Second, Max: time.Hour},
		Flaps:   world.Flapping{PerYear: 100, Session: 20 * time.Minute, Min: 10 * time.Second, Max: 2 * time.Minute},
	}
}

// deeds is all that judging asked for, by monitor.
type deeds map[int][]string

func simulate(t *testing.T, c world.Config, every bool) (*shard, deeds, *score.Book) {
	t.Helper()
	w, err := world.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s := newShard(w, 0, nil)
	s.every = every
	did := deeds{}
	s.trace = func(monitor int, now uptime.Instant, out *consensus.Actions) {
		b, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		did[monitor] = append(did[monitor], fmt.Sprintf("%v %s", now.Sub(world.Epoch), b))
	}
	book := s.run(t.Context())
	for i := range s.monitors {
		if m := &s.monitors[i]; !m.awake {
			s.wake(m, w.End())
		}
	}
	return s, did, book
}

// To fold only around failures is to fold everything: the same actions at the same
// instants, the same states at the end, the same health of the regions, and the same
// scores.
func TestSparseFoldEqualsFullFold(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world.Config){
		"everything breaks": func(*world.Config) {},
		"loss alone": func(c *world.Config) {
			*c = world.Config{
				Name: c.Name, Seed: 2, Span: 6 * time.Hour, Monitors: c.Monitors, Shard: c.Shard, Intervals: c.Intervals[:2],
				Timeout: c.Timeout, Regions: c.Regions, Sets: c.Sets, Loss: world.Loss{Attempt: 0.05, Silent: 0.1},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := rough(1000, 4*time.Hour)
			change(&c)
			few, sparse, fewBook := simulate(t, c, false)
			all, full, allBook := simulate(t, c, true)
			if len(full) < 100 {
				t.Fatalf("only %d monitors did anything", len(full))
			}
			for i := range c.Monitors {
				if diff := cmp.Diff(full[i], sparse[i]); diff != "" {
					t.Fatalf("monitor %d does not do the same (-full +sparse):\n%s", i, diff)
				}
				if a, b := saved(t, all, i), saved(t, few, i); a != b {
					t.Fatalf("monitor %d ends as\n%s, with everything folded as\n%s", i, b, a)
				}
			}
			if diff := cmp.Diff(all.sick, few.sick); diff != "" {
				t.Errorf("the regions' health differs (-full +sparse):\n%s", diff)
			}
			t.Logf("%d results folded instead of %d, %d rounds, %d changes of health", fewBook.Folded, allBook.Folded, allBook.Rounds, len(allBook.Changes))
			if 3*fewBook.Folded > 2*allBook.Folded {
				t.Errorf("%d of %d results are folded: nobody sleeps", fewBook.Folded, allBook.Folded)
			}
			fewBook.Folded = allBook.Folded
			if diff := cmp.Diff(allBook, fewBook); diff != "" {
				t.Errorf("scores differ (-full +sparse):\n%s", diff)
			}
		})
	}
}

// saved is a monitor's state at the end, but for when it wants to be looked at: there
// the one that was looked at later knows better.
func saved(t *testing.T, s *shard, i int) string {
	t.Helper()
	b, err := json.Marshal(&s.monitors[i].state)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(b, &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "next")
	b, err = json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
