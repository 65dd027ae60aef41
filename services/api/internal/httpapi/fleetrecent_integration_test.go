//go:build integration

package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// recentEvent is trouble that is over as a client sees it.
type recentEvent struct {
	Kind, Region, Explanation string
	OpenedAt                  time.Time `json:"opened_at"`
	ResolvedAt                time.Time `json:"resolved_at"`
}

func (f *fleet) recent() []recentEvent {
	f.t.Helper()
	var now struct {
		Events []recentEvent `json:"events"`
		Recent []recentEvent `json:"recent_events"`
	}
	f.call("GET", "/v1/fleet", nil).want(200, &now)
	if len(now.Events) != 1 || now.Events[0].Region != "" {
		f.t.Errorf("trouble that is on: %+v", now.Events)
	}
	return now.Recent
}

// TestTheFleetShowsWhatIsOver shows whose trouble of the last days is seen by whom.
func TestTheFleetShowsWhatIsOver(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	o := f.as("other")
	f.addRegions("us-east")
	o.addPrivateRegion("secret-lan")
	o.addPrivateRegion("new")
	f.exec("UPDATE region SET created_at = now() - interval '30 days' WHERE name <> 'new'")
	now := time.Now().UTC().Truncate(time.Second)
	const day = 24 * time.Hour
	record := func(region string, ended, length time.Duration) recentEvent {
		t.Helper()
		e := recentEvent{
			Kind: postgres.FleetSick, Region: region, Explanation: fmt.Sprintf("%q until %v ago", region, ended),
			OpenedAt: now.Add(-ended - length), ResolvedAt: now.Add(-ended),
		}
		f.ok(f.store.Tx(t.Context(), func(tx pgx.Tx) error {
			if _, err := postgres.OpenFleetEvent(t.Context(), tx, postgres.FleetEvent{
				ID: uptime.NewID(e.OpenedAt), Kind: e.Kind, Region: region, Opened: uptime.InstantOf(e.OpenedAt), Explanation: e.Explanation,
			}); err != nil || ended < 0 {
				return err
			}
			_, _, err := postgres.ResolveFleetEvent(t.Context(), tx, e.Kind, region, uptime.InstantOf(e.ResolvedAt))
			return err
		}))
		return e
	}
	whole := record("", 3*time.Hour, 4*time.Minute)
	shared := record("us-east", 6*day, 3*day) // began before the days that are shown
	record("us-east", 8*day, time.Hour)
	record("gone", time.Hour, time.Minute)
	record("new", time.Hour, time.Minute) // of a namesake before it
	record("", -time.Hour, 2*time.Hour)   // is on
	secret := record("secret-lan", time.Minute, time.Second)
	for g, want := range map[*fleet][]recentEvent{f: {whole, shared}, o: {secret, whole, shared}} {
		if diff := cmp.Diff(want, g.recent()); diff != "" {
			t.Errorf("as %s (-want +got):\n%s", g.key, diff)
		}
	}
	for n := range 60 { // which are in nobody else's way
		record("secret-lan", time.Duration(n)*time.Second, time.Second)
	}
	if diff := cmp.Diff([]recentEvent{whole, shared}, f.recent()); diff != "" {
		t.Errorf("behind those of a private region (-want +got):\n%s", diff)
	}
	got := o.recent()
	if len(got) != 50 {
		t.Fatalf("%d events, want 50", len(got))
	}
	for i, e := range got {
		if at := now.Add(-time.Duration(i) * time.Second); e.Region != "secret-lan" || !e.ResolvedAt.Equal(at) {
			t.Errorf("event %d: %+v, want the one that ended at %v", i, e, at)
		}
	}
}

// TestWorkersAreLastSeenInAnyLane shows the latest sign of life of a worker.
func TestWorkersAreLastSeenInAnyLane(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	type worker struct {
		ID         string
		Alive      bool
		LastSeenAt *time.Time `json:"last_seen_at"`
	}
	var region struct{ Workers []worker }
	var seen []time.Time
	for shard := range 2 {
		lane := queue.Lane{Region: "us-east", Shard: shard}
		f.ok(f.queue.EnsureLane(t.Context(), lane))
		f.ok(f.queue.Consumer(lane, queue.WorkerInfo{ID: "w"}).Beat(t.Context()))
		workers, err := f.queue.Workers(t.Context(), lane)
		f.ok(err)
		seen = append(seen, workers[0].LastSeen)
		until(t, "the queue's next millisecond", func() bool {
			now, err := f.queue.Time(t.Context())
			return err == nil && now.After(workers[0].LastSeen.Add(time.Millisecond))
		})
	}
	f.call("GET", "/v1/regions/us-east", nil).want(200, &region)
	if len(region.Workers) != 1 || region.Workers[0].LastSeenAt == nil || !region.Workers[0].LastSeenAt.Equal(seen[1]) || !seen[1].After(seen[0]) {
		t.Errorf("got %+v, seen %v", region.Workers, seen)
	}
}
