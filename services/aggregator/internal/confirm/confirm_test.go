package confirm

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

type fakes struct {
	mu       sync.Mutex
	monitors map[uptime.ID]uptime.Monitor
	err      error
	broken   string // region whose lane takes nothing
	pushed   map[queue.Lane][]uptime.Check
}

func (f *fakes) RosterByIDs(_ context.Context, ids []uptime.ID) ([]postgres.Scheduled, error) {
	var out []postgres.Scheduled
	for _, id := range ids {
		if m, ok := f.monitors[id]; ok {
			out = append(out, postgres.Scheduled{Monitor: m})
		}
	}
	return out, f.err
}

func (f *fakes) PushUrgent(_ context.Context, lane queue.Lane, checks ...uptime.Check) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if lane.Region == f.broken {
		return errors.New("no redis")
	}
	f.pushed[lane] = append(f.pushed[lane], checks...)
	return nil
}

var start = uptime.InstantOf(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))

func newSender(f *fakes, now uptime.Instant) *Sender {
	return New(f, f, Config{Shard: 3, Now: func() uptime.Instant { return now }, Log: slog.New(slog.DiscardHandler)})
}

func ask(m uptime.Monitor, at uptime.Instant, regions ...string) unit.Ask {
	return unit.Ask{Monitor: m.ID, Revision: 1, Recheck: consensus.Recheck{Regions: regions, At: at, Deadline: at.Add(4 * time.Second)}}
}

func TestEachRegionOfARoundIsAskedOnceWithACanary(t *testing.T) {
	t.Parallel()
	m := uptime.Monitor{ID: uptime.ID{1}, Revision: 1, Target: "https://example.test", Timeout: 2 * time.Second, Interval: time.Minute}
	f := &fakes{monitors: map[uptime.ID]uptime.Monitor{m.ID: m}, pushed: map[queue.Lane][]uptime.Check{}, broken: "us-east"}
	// The round began within the millisecond: the checks must not be due before it.
	newSender(f, start+300).send(t.Context(), []unit.Ask{ask(m, start+999, "ap-south", "eu-west", "us-east")})
	for _, region := range []string{"ap-south", "eu-west"} {
		checks := f.pushed[queue.Lane{Region: region, Shard: 3}]
		if len(checks) != 1 {
			t.Fatalf("%s was asked %d times, want once", region, len(checks))
		}
		c := checks[0]
		if c.Due < start+999 || !c.Due.IsUrgent() || !c.Canary || c.Request.IsZero() || c.Target != m.Target || c.Region != region ||
			c.NotAfter != (start+999).Add(4*time.Second) || c.Revision != 1 {
			t.Errorf("%s was asked %+v", region, c)
		}
	}
}

func TestWhatHasChangedOrIsOverIsNotAsked(t *testing.T) {
	t.Parallel()
	base := uptime.Monitor{ID: uptime.ID{1}, Revision: 1, Timeout: 2 * time.Second}
	for _, c := range []struct {
		name   string
		change func(*uptime.Monitor)
		late   time.Duration
		err    error
		want   int
	}{
		{"as it was", func(*uptime.Monitor) {}, 0, nil, 1},
		{"a newer revision", func(m *uptime.Monitor) { m.Revision = 2 }, 0, nil, 0},
		{"paused", func(m *uptime.Monitor) { m.Paused = true }, 0, nil, 0},
		{"deleted", func(m *uptime.Monitor) { m.ID = uptime.ID{9} }, 0, nil, 0},
		{"the round is over", func(*uptime.Monitor) {}, 4 * time.Second, nil, 0},
		{"no database", func(*uptime.Monitor) {}, 0, errors.New("no database"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := base
			c.change(&m)
			f := &fakes{monitors: map[uptime.ID]uptime.Monitor{m.ID: m}, pushed: map[queue.Lane][]uptime.Check{}, err: c.err}
			newSender(f, start.Add(c.late)).send(t.Context(), []unit.Ask{ask(base, start, "a")})
			if got := len(f.pushed[queue.Lane{Region: "a", Shard: 3}]); got != c.want {
				t.Errorf("asked %d times, want %d", got, c.want)
			}
		})
	}
}

func TestAskNeverBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := uptime.Monitor{ID: uptime.ID{1}, Revision: 1, Timeout: 2 * time.Second}
		f := &fakes{monitors: map[uptime.ID]uptime.Monitor{m.ID: m}, pushed: map[queue.Lane][]uptime.Check{}}
		s := newSender(f, start)
		for range 2 * waiting { // Nobody sends yet.
			s.Ask([]unit.Ask{ask(m, start, "a")})
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		checks := f.pushed[queue.Lane{Region: "a", Shard: 3}]
		requests := map[uptime.ID]bool{}
		for _, c := range checks {
			requests[c.Request] = true
		}
		if diff := cmp.Diff(waiting, len(checks)); diff != "" || len(requests) != len(checks) {
			t.Errorf("sent %d checks of %d requests, want the %d that fitted", len(checks), len(requests), waiting)
		}
		if !slices.IsSortedFunc(checks, func(a, b uptime.Check) int { return int(a.NotAfter - b.NotAfter) }) {
			t.Error("checks are out of order")
		}
	})
}
