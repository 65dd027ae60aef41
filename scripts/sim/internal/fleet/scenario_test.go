package fleet

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/scenario"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
)

func run(t *testing.T, s *scenario.Scenario, pool Pool) *score.Book {
	t.Helper()
	s.Seed = 1
	book, err := Run(t.Context(), s.Config, pool)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// The promises of every scenario, in their short form.
func TestPromises(t *testing.T) {
	t.Parallel()
	pool := NewPool(runtime.GOMAXPROCS(0))
	for _, s := range scenario.Short() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			book := run(t, &s, pool)
			if broken := s.Broken(book); broken != "" {
				t.Errorf("%s\nfalse alarms: %+v\nmissed or late: %+v", broken, book.False, book.Missed)
			}
			ours, years := book.Total(rules.Ours)
			if ours.Demanded < 50 || book.Rounds < 1000 {
				t.Errorf("%d outages and %d rounds prove little", ours.Demanded, book.Rounds)
			}
			t.Logf("%.0f monitor-years, %d results folded, %d outages, %d false alarms", years, book.Folded, ours.Demanded, ours.False)
		})
	}
}

// The promises can be broken: a policy that is too quick cries wolf, and one that is
// too patient is late or misses outages.
func TestOtherPoliciesBreakPromises(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		policy uptime.Policy
		broken func(score.Tally) bool
	}{
		{
			"any", uptime.Policy{Quorum: uptime.Quorum{Mode: uptime.QuorumAny}},
			func(t score.Tally) bool { return t.False > 10 && t.Missed+t.Late == 0 },
		},
		{
			"patient", uptime.Policy{ConfirmationSeconds: 120},
			func(t score.Tally) bool { return t.False == 0 && t.Missed > 0 && t.Missed+t.Late == t.Demanded },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range scenario.Short() {
				if s.Name != "silent" {
					continue
				}
				s.Policy, s.False, s.Outage.PerYear = tt.policy, 0, 100
				ours, _ := run(t, &s, NewPool(1)).Total(rules.Ours)
				if !tt.broken(ours) {
					t.Errorf("%d false, %d missed, %d late of %d", ours.False, ours.Missed, ours.Late, ours.Demanded)
				}
			}
		})
	}
}

// What comes out depends on the seed, and not on how much is simulated at once.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	s := scenario.Scenario{Config: rough(300, 2*time.Hour)}
	s.Shard = 70
	one := run(t, &s, NewPool(1))
	if diff := cmp.Diff(one, run(t, &s, NewPool(5))); diff != "" {
		t.Errorf("five at once are not one (-one +five):\n%s", diff)
	}
	s.Config.Seed = 2
	other, err := Run(t.Context(), s.Config, NewPool(1))
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(one, other) {
		t.Error("another seed makes no difference")
	}
}
