package spec_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

func given[T any](v T) spec.Field[T] { return spec.Field[T]{Given: true, Value: v} }

func null[T any]() spec.Field[T] { return spec.Field[T]{Given: true, Null: true} }

var regions = spec.Regions{Known: []string{"a", "b", "c"}, Enabled: []string{"a", "b"}}

func TestApply(t *testing.T) {
	t.Parallel()
	base := spec.Settings{Interval: time.Minute, Timeout: 10 * time.Second, Policy: uptime.DefaultPolicy}
	with := func(change func(*spec.Settings)) spec.Settings {
		s := base
		change(&s)
		return s
	}
	count := func(n int) uptime.Quorum { return uptime.Quorum{Mode: uptime.QuorumCount, Count: n} }
	tests := []struct {
		name   string
		from   spec.Settings
		change spec.Change
		want   spec.Settings
		errs   []string // paths
	}{
		{"nothing", base, spec.Change{}, base, nil},
		{"interval below the timeout", base, spec.Change{Interval: given(5 * time.Second)},
			with(func(s *spec.Settings) { s.Interval, s.Timeout = 5*time.Second, 5*time.Second }), nil},
		{"interval above it", base, spec.Change{Interval: given(time.Hour)}, with(func(s *spec.Settings) { s.Interval = time.Hour }), nil},
		{"interval null", with(func(s *spec.Settings) { s.Interval = time.Hour }), spec.Change{Interval: null[time.Duration]()}, base, nil},
		{"timeout null", with(func(s *spec.Settings) { s.Timeout = time.Second }), spec.Change{Timeout: null[time.Duration]()}, base, nil},
		{"timeout null of a short interval", with(func(s *spec.Settings) { s.Interval, s.Timeout = 6*time.Second, time.Second }), spec.Change{Timeout: null[time.Duration]()},
			with(func(s *spec.Settings) { s.Interval, s.Timeout = 6*time.Second, 6*time.Second }), nil},
		{"timeout is the interval", base, spec.Change{Timeout: given(time.Minute)}, with(func(s *spec.Settings) { s.Timeout = time.Minute }), nil},
		{"timeout above the interval", base, spec.Change{Timeout: given(time.Minute + time.Millisecond)}, base, []string{"timeout_ms"}},
		{"regions", base, spec.Change{Regions: given([]string{"c"})}, with(func(s *spec.Settings) { s.Regions = []string{"c"} }), nil},
		{"regions null", with(func(s *spec.Settings) { s.Regions = []string{"c"} }), spec.Change{Regions: null[[]string]()}, base, nil},
		{"no regions", base, spec.Change{Regions: given([]string{})}, base, []string{"regions"}},
		{"unknown regions", base, spec.Change{Regions: given([]string{"x", "a", "y"})}, base, []string{"regions/0", "regions/2"}},
		{"count of the enabled", base, spec.Change{Policy: given(spec.PolicyChange{Mode: new(uptime.QuorumCount), Count: given(2)})},
			with(func(s *spec.Settings) { s.Policy.Quorum = count(2) }), nil},
		{"count beyond the enabled", base, spec.Change{Policy: given(spec.PolicyChange{Mode: new(uptime.QuorumCount), Count: given(3)})}, base, []string{"policy/quorum/count"}},
		{"count of the named", base, spec.Change{Regions: given([]string{"a", "b", "c"}), Policy: given(spec.PolicyChange{Mode: new(uptime.QuorumCount), Count: given(3)})},
			with(func(s *spec.Settings) { s.Regions, s.Policy.Quorum = []string{"a", "b", "c"}, count(3) }), nil},
		{"fewer regions than the count", with(func(s *spec.Settings) { s.Policy.Quorum = count(2) }), spec.Change{Regions: given([]string{"a"})}, base, []string{"policy/quorum/count"}},
		{"another mode forgets the count", with(func(s *spec.Settings) { s.Policy.Quorum = count(2) }), spec.Change{Policy: given(spec.PolicyChange{Mode: new(uptime.QuorumAll)})},
			with(func(s *spec.Settings) { s.Policy.Quorum.Mode = uptime.QuorumAll }), nil},
		{"count null", with(func(s *spec.Settings) { s.Policy.Quorum = count(2) }), spec.Change{Policy: given(spec.PolicyChange{Count: null[int]()})}, base, []string{"policy/quorum/count"}},
		{"unknown mode", base, spec.Change{Policy: given(spec.PolicyChange{Mode: new(uptime.QuorumMode("most"))})}, base, []string{"policy/quorum/mode"}},
		{"all that is wrong", base, spec.Change{Timeout: given(time.Hour), Regions: given([]string{"x"}), Policy: given(spec.PolicyChange{Count: given(9)})}, base, []string{"timeout_ms", "regions/0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, errs := tt.from.Apply(tt.change, regions, spec.Defaults(spec.DefaultInterval))
			var paths []string
			for _, e := range errs {
				path := e.Path[0]
				for _, p := range e.Path[1:] {
					path += "/" + p
				}
				paths = append(paths, path)
			}
			if diff := cmp.Diff(tt.errs, paths); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" && tt.errs == nil {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnyCountMayBeRightWhileThereAreNoRegions(t *testing.T) {
	t.Parallel()
	c := spec.Change{Policy: given(spec.PolicyChange{Mode: new(uptime.QuorumCount), Count: given(2)})}
	if _, errs := spec.Defaults(time.Minute).Apply(c, spec.Regions{}, spec.Defaults(time.Minute)); len(errs) > 0 {
		t.Errorf("refused: %v", errs)
	}
}

// What is accepted is what the database and the fold accept, whatever the way to it.
func TestAcceptedSettingsAreValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := spec.Defaults(time.Duration(rapid.IntRange(5, 86400).Draw(t, "first")) * time.Second)
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			var c spec.Change
			maybe := func(name string) (is, null bool) {
				return rapid.Bool().Draw(t, name), rapid.Bool().Draw(t, name+" null")
			}
			if is, null := maybe("interval"); is {
				c.Interval = spec.Field[time.Duration]{Given: true, Null: null, Value: time.Duration(rapid.IntRange(5, 86400).Draw(t, "s")) * time.Second}
			}
			if is, null := maybe("timeout"); is {
				c.Timeout = spec.Field[time.Duration]{Given: true, Null: null, Value: time.Duration(rapid.IntRange(100, 90000).Draw(t, "ms")) * time.Millisecond}
			}
			if is, null := maybe("regions"); is {
				c.Regions = spec.Field[[]string]{Given: true, Null: null, Value: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "x"}), rapid.ID).Draw(t, "names")}
			}
			if is, null := maybe("policy"); is {
				mode := rapid.SampledFrom([]uptime.QuorumMode{"majority", "any", "all", "count"}).Draw(t, "mode")
				c.Policy = spec.Field[spec.PolicyChange]{Given: true, Null: null, Value: spec.PolicyChange{Mode: &mode, Count: spec.Field[int]{Given: rapid.Bool().Draw(t, "count"), Value: rapid.IntRange(0, 4).Draw(t, "n")}}}
			}
			next, errs := s.Apply(c, regions, spec.Defaults(spec.DefaultInterval))
			if len(errs) > 0 {
				continue
			}
			s = next
			if s.Timeout > s.Interval || s.Timeout < 100*time.Millisecond || s.Interval < 5*time.Second {
				t.Fatalf("accepted %+v", s)
			}
			n := len(s.Regions)
			if s.Regions == nil {
				n = len(regions.Enabled)
			} else if n == 0 {
				t.Fatalf("accepted no regions")
			}
			if c.Policy.Given || c.Regions.Given {
				if err := s.Policy.Quorum.Validate(n); err != nil {
					t.Fatalf("accepted %+v: %v", s, err)
				}
			}
		}
	})
}
