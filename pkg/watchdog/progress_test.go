package watchdog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/watchdog"
)

// fleetAt is a fleet of two regions in which all moves, so many seconds after noon.
func fleetAt(after int) *watchdog.Snapshot {
	at := noon.Add(time.Duration(after) * time.Second)
	s := &watchdog.Snapshot{
		At: at, Shards: 1, Probing: true,
		Held:        map[string]map[int]bool{postgres.RolePusher: {0: true}, postgres.RoleAggregator: {0: true}},
		Checkpoints: map[int]time.Time{0: at}, Heartbeats: []queue.LaneStats{{Lane: queue.HeartbeatLane(0)}},
		Signs: map[string]time.Duration{postgres.StageNotifier: 3 * time.Second, postgres.StageAPI: 3 * time.Second},
	}
	for _, region := range []string{"eu-west", "us-east"} {
		s.Lanes = append(s.Lanes, watchdog.Lane{Live: true, LaneStats: queue.LaneStats{
			Lane: queue.Lane{Region: region}, At: at, Cursor: uptime.InstantOf(at.Add(-time.Second)), Ledger: queue.Ledger{Done: int64(100 + after)},
		}})
	}
	return s
}

// idle takes the monitors away.
func idle(s *watchdog.Snapshot) {
	s.Probing = false
	for i := range s.Lanes {
		s.Lanes[i].Ledger.Done = 0
	}
	s.Checkpoints = nil
}

func TestWhatStandsStill(t *testing.T) {
	t.Parallel()
	stopped := func(s *watchdog.Snapshot) {
		for i := range s.Lanes {
			s.Lanes[i].Cursor = uptime.InstantOf(noon)
		}
		s.Held[postgres.RolePusher] = nil
	}
	waits := func(s *watchdog.Snapshot) { s.Lanes[0].Ledger.Done, s.Lanes[0].Checks.OldestAge = 100, 20*time.Second }
	for _, tt := range []struct {
		name   string
		change func(s *watchdog.Snapshot)
		want   map[string]string // kind and region: why
	}{
		{"nothing", func(*watchdog.Snapshot) {}, nil},
		{"nothing where there is nothing to check", idle, nil},
		{"nothing where there is nothing to check and no worker", func(s *watchdog.Snapshot) {
			idle(s)
			s.Lanes[0].Live = false
		}, nil},
		{"nothing in a fleet without regions", func(s *watchdog.Snapshot) { s.Lanes = nil }, nil},
		{"the pusher", stopped, map[string]string{"stalled_pusher": "No pusher is at work, concerning eu-west, us-east"}},
		{"the pusher of an idle fleet", func(s *watchdog.Snapshot) {
			idle(s)
			stopped(s)
		}, map[string]string{"stalled_pusher": "No pusher is at work, concerning eu-west, us-east"}},
		{"the pusher of a fleet without regions", func(s *watchdog.Snapshot) { s.Lanes, s.Held[postgres.RolePusher] = nil, nil },
			map[string]string{"stalled_pusher": "No pusher is at work"}},
		{"the pusher in one region", func(s *watchdog.Snapshot) { s.Lanes[1].Cursor = 0 },
			map[string]string{"stalled_pusher": "The pusher sends no slots, concerning us-east"}},
		{"a region without workers", func(s *watchdog.Snapshot) { s.Lanes[0].Live = false },
			map[string]string{"stalled_worker eu-west": "Region eu-west has no live worker"}},
		{"a worker that lives and does nothing", waits,
			map[string]string{"stalled_worker eu-west": "Region eu-west finishes no checks although some wait"}},
		{"a worker that only leaves urgent checks", func(s *watchdog.Snapshot) {
			s.Lanes[0].Ledger.Done, s.Lanes[0].UrgentQ.OldestAge = 100, time.Second
		}, map[string]string{"stalled_worker eu-west": "Region eu-west finishes no checks although some wait"}},
		{"a worker with a backlog that does much", func(s *watchdog.Snapshot) { s.Lanes[0].Checks.OldestAge = 50 * time.Second }, nil},
		{"a worker that waits for a slow target", func(s *watchdog.Snapshot) {
			s.Lanes[0].Ledger.Done, s.Lanes[0].Checks.StuckAge = 100, 80*time.Second
		}, nil},
		{"a worker that never ends", func(s *watchdog.Snapshot) {
			s.Lanes[0].Ledger.Done, s.Lanes[0].Checks.StuckAge = 100, 4*time.Minute
		}, map[string]string{"stalled_worker eu-west": "Region eu-west finishes no checks although some wait"}},
		{"the aggregator", func(s *watchdog.Snapshot) { s.Held[postgres.RoleAggregator] = nil },
			map[string]string{"stalled_aggregator": "No aggregator is at work"}},
		{"an aggregator that folds nothing", func(s *watchdog.Snapshot) {
			s.Checkpoints[0], s.Lanes[1].Aggregator.OldestAge = noon, time.Minute
		}, map[string]string{"stalled_aggregator": "The aggregator makes no results durable although some wait"}},
		{"an aggregator that leaves calls", func(s *watchdog.Snapshot) {
			s.Checkpoints[0], s.Heartbeats[0].Aggregator.StuckAge = noon, time.Minute
		}, map[string]string{"stalled_aggregator": "The aggregator makes no results durable although some wait"}},
		{"an aggregator that catches up", func(s *watchdog.Snapshot) { s.Lanes[1].Aggregator.OldestAge = time.Hour }, nil},
		{"the notifier", func(s *watchdog.Snapshot) { s.Signs[postgres.StageNotifier] = s.At.Sub(noon) },
			map[string]string{"stalled_notifier": "The notifier gives no sign of life"}},
		{"a notifier that never was", func(s *watchdog.Snapshot) { delete(s.Signs, postgres.StageNotifier) },
			map[string]string{"stalled_notifier": "The notifier gives no sign of life"}},
		{"a notifier that takes no alerts", func(s *watchdog.Snapshot) { s.AlertAge = s.At.Sub(noon) },
			map[string]string{"stalled_notifier": "The notifier takes no alerts although some are ready"}},
		{"the api", func(s *watchdog.Snapshot) { s.Signs[postgres.StageAPI] = s.At.Sub(noon) },
			map[string]string{"stalled_api": "The api gives no sign of life"}},
		{"redis, and none of those that need it", func(s *watchdog.Snapshot) { s.RedisAway, s.Lanes, s.Heartbeats = true, nil, nil },
			map[string]string{"stalled_redis": "Redis does not answer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := watchdog.NewProgress(0, nil)
			take := func(after int, change func(*watchdog.Snapshot)) map[string]string {
				s := fleetAt(after)
				change(s)
				p.Take(s)
				got := map[string]string{}
				for _, stall := range p.Stalls() {
					key := stall.Kind
					if stall.Region != "" {
						key += " " + stall.Region
					}
					got[key] = stall.Why
					if gone := stall.Since.Sub(noon); gone < -5*time.Second || gone > 5*time.Second {
						t.Errorf("%s stands still since %v, want noon or a look from it", key, gone)
					}
				}
				return got
			}
			take(0, func(*watchdog.Snapshot) {})
			for after := 5; after <= 55; after += 5 {
				if got := take(after, tt.change); len(got) > 0 {
					t.Fatalf("after %d s already %v", after, got)
				}
			}
			take(60, tt.change)
			take(65, tt.change)
			if diff := cmp.Diff(tt.want, take(70, tt.change), cmp.Transformer("none", func(m map[string]string) map[string]string {
				if m == nil {
					return map[string]string{}
				}
				return m
			})); diff != "" {
				t.Errorf("after 70 s (-want +got):\n%s", diff)
			}
			if got := take(75, func(*watchdog.Snapshot) {}); len(got) > 0 {
				t.Errorf("although all moves again: %v", got)
			}
		})
	}
}

// While Redis is away the time of those that stand on it does not pass; what stood
// still before does so still.
func TestNothingIsConcludedWithoutRedis(t *testing.T) {
	t.Parallel()
	p := watchdog.NewProgress(0, nil)
	p.Take(fleetAt(0))
	dead := func(after int) *watchdog.Snapshot {
		s := fleetAt(after)
		s.Lanes[0].Live = false
		return s
	}
	for after := 5; after <= 40; after += 5 {
		p.Take(dead(after))
	}
	for after := 45; after <= 600; after += 5 {
		s := fleetAt(after)
		s.RedisAway, s.Lanes, s.Heartbeats = true, nil, nil
		p.Take(s)
	}
	kinds := func() (out []string) {
		for _, s := range p.Stalls() {
			out = append(out, s.Kind+" "+s.Region)
		}
		return out
	}
	if diff := cmp.Diff([]string{"stalled_redis "}, kinds()); diff != "" {
		t.Errorf("while it is away (-want +got):\n%s", diff)
	}
	p.Take(dead(605))
	if diff := cmp.Diff([]string(nil), kinds()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	for after := 610; after <= 630; after += 5 {
		p.Take(dead(after))
	}
	if diff := cmp.Diff([]string{"stalled_worker eu-west"}, kinds()); diff != "" {
		t.Errorf("when its minute is over (-want +got):\n%s", diff)
	}
}

// When Redis answers again, the pusher's cursor is as old as the outage: that is no
// stall of its own, until it has had its time.
func TestAPusherIsNotBlamedForRedis(t *testing.T) {
	t.Parallel()
	p := watchdog.NewProgress(0, nil)
	p.Take(fleetAt(0))
	for after := 5; after <= 150; after += 5 {
		s := fleetAt(after)
		s.RedisAway, s.Lanes, s.Heartbeats = true, nil, nil
		p.Take(s)
	}
	var got []string
	for after := 155; after <= 230; after += 5 {
		s := fleetAt(after)
		for i := range s.Lanes {
			s.Lanes[i].Cursor = uptime.InstantOf(noon)
		}
		p.Take(s)
		for _, stall := range p.Stalls() {
			if got = append(got, stall.Kind); after <= 205 {
				t.Errorf("after %d s: %+v", after, stall)
			}
		}
	}
	if len(got) == 0 || got[0] != "stalled_pusher" {
		t.Errorf("a pusher that stays where it was stands still by %q", got)
	}
	p.Take(fleetAt(235))
	if stalls := p.Stalls(); len(stalls) != 0 {
		t.Errorf("although it moves: %+v", stalls)
	}
}

// Whoever takes the watch over believes what is recorded until he sees otherwise, and
// a region that is gone stands still no longer.
func TestASuccessorGoesOn(t *testing.T) {
	t.Parallel()
	worker := watchdog.Trouble{Kind: postgres.FleetStalled + "worker", Region: "eu-west"}
	since := noon.Add(-time.Hour)
	busy := func(after int) *watchdog.Snapshot {
		s := fleetAt(after)
		s.Lanes[0].Ledger.Done, s.Lanes[0].Checks.OldestAge = 100, 20*time.Second
		return s
	}
	p := watchdog.NewProgress(0, map[watchdog.Trouble]time.Time{worker: since})
	for after := range 3 {
		p.Take(busy(after))
		if s := p.Stalls(); len(s) != 1 || s[0].Trouble != worker || !s[0].Since.Equal(since) {
			t.Fatalf("it stands still: %+v", s)
		}
	}
	moved := busy(3)
	moved.Lanes[0].Ledger.Done++
	p.Take(moved)
	if s := p.Stalls(); len(s) != 0 {
		t.Errorf("it has finished a check, yet %+v", s)
	}

	p = watchdog.NewProgress(0, map[watchdog.Trouble]time.Time{worker: since})
	p.Take(busy(0))
	gone := fleetAt(5)
	gone.Lanes = gone.Lanes[1:]
	p.Take(gone)
	if s := p.Stalls(); len(s) != 0 {
		t.Errorf("the region is gone, yet %+v", s)
	}
}

// A stage that crawls rings once: it must move well within its time to be well.
func TestACrawlingStageRingsOnce(t *testing.T) {
	t.Parallel()
	p := watchdog.NewProgress(0, nil)
	for _, step := range []struct {
		age     time.Duration
		stalled bool
	}{{59, false}, {61, true}, {45, true}, {31, true}, {30, false}, {60, false}, {61, true}} {
		s := fleetAt(0)
		s.Signs[postgres.StageAPI] = step.age * time.Second
		p.Take(s)
		if got := len(p.Stalls()) > 0; got != step.stalled {
			t.Errorf("its last sign %d s ago: stalled %v, want %v", step.age, got, step.stalled)
		}
	}
}
