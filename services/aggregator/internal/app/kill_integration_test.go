//go:build integration

package app

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
	"github.com/probefleet/probefleet/services/aggregator/internal/collect"
	"github.com/probefleet/probefleet/services/aggregator/internal/incident"
)

// TestKilledAnywhere ends the aggregator at the n-th time that it comes to a step
// after an outage began, starts another on the same engines, and so again after the
// recovery. Whatever was under way, there is one incident and one alert of each event
// to each channel.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	steps := []string{collect.StepCheckpoint, incident.StepBegin, incident.StepCommit, incident.StepCommitted}
	for _, step := range steps {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("%s %d", step, n), func(t *testing.T) {
				t.Parallel()
				f := newFleet(t, "ap-south", "eu-west", "us-east")
				m := f.add()
				for range 2 {
					fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
				}
				var armed atomic.Bool
				var left atomic.Int32
				failpoint := func(at string) error {
					if armed.Load() && at == step && left.Add(-1) == 0 {
						return errKilled
					}
					return nil
				}
				life := f.aggregate(failpoint)
				f.healthy(m)
				for _, part := range []struct {
					finds   answer
					verdict string
				}{{fail, "down"}, {pass, "up"}} {
					f.answer(part.finds)
					left.Store(int32(n))
					armed.Store(true)
					f.slot([]uptime.Monitor{m})
					for tries := 0; !life.died(time.Second); tries++ {
						if tries > 20 {
							t.Fatalf("did not come to step %s for the %d. time: %v", step, n, life.err)
						}
						f.slot([]uptime.Monitor{m})
					}
					armed.Store(false)
					life = f.aggregate(failpoint)
					f.slot([]uptime.Monitor{m})
					f.await("verdict "+part.verdict, func() bool { return f.verdict(m) == part.verdict })
				}
				f.settled()
				if diff := cmp.Diff(map[string]int{"down": 2, "recovered": 2}, f.alerts()); diff != "" {
					t.Errorf("alerts (-want +got):\n%s", diff)
				}
				if open, all := f.column("SELECT 1 FROM incident WHERE resolved_at IS NULL"), f.column("SELECT 1 FROM incident"); len(open) != 0 || len(all) != 1 {
					t.Errorf("%d open of %d incidents, want one, resolved", len(open), len(all))
				}
				if keys := f.column("SELECT idempotency_key FROM delivery GROUP BY 1"); len(keys) != 4 {
					t.Errorf("%d idempotency keys, want one for each event and channel", len(keys))
				}
				f.await("spans of votes", func() bool {
					return len(f.column("SELECT 1 FROM vote_span WHERE outcome = 'fail' AND ended_at IS NOT NULL")) == 3
				})
				f.consistent()
			})
		}
	}
}

// TestADatabaseThatBreaksEveryConnection has an outage come and go while no
// connection of the aggregator lives for long.
func TestADatabaseThatBreaksEveryConnection(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	life := f.aggregate(nil)
	f.healthy(m)
	for _, part := range []struct {
		finds   answer
		verdict string
	}{{fail, "down"}, {pass, "up"}} {
		f.answer(part.finds)
		f.slot([]uptime.Monitor{m})
		broken := 0
		for range 200 {
			broken += len(f.column("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()", appName))
			time.Sleep(5 * time.Millisecond)
		}
		if broken == 0 {
			t.Error("no connection was broken")
		}
		f.slot([]uptime.Monitor{m})
		f.await("verdict "+part.verdict, func() bool { return f.verdict(m) == part.verdict })
	}
	f.settled()
	if diff := cmp.Diff(map[string]int{"down": 1, "recovered": 1}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	select {
	case <-life.ended:
		t.Errorf("the fold ended: %v", life.err)
	default:
	}
	f.consistent()
}

// TestARestartChangesNothing stops and starts the aggregator where nothing happens.
func TestARestartChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	up, down := f.add(), f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered", "advisory", "degraded", "fleet")
	life := f.aggregate(nil)
	f.healthy(up, down)
	f.answer(fail)
	f.slot([]uptime.Monitor{down})
	f.await("verdict down", func() bool { return f.verdict(down) == "down" })
	f.settled()
	life.stop()
	if life.err != nil {
		t.Fatalf("a stop in peace ended with %v", life.err)
	}
	const sql = `SELECT x FROM (SELECT to_jsonb(s) FROM span s UNION ALL SELECT to_jsonb(v) FROM vote_span v UNION ALL SELECT to_jsonb(i) FROM incident i
		UNION ALL SELECT to_jsonb(s) - 'checkpoint' - 'updated_at' FROM monitor_state s UNION ALL SELECT to_jsonb(v) FROM vote v
		UNION ALL SELECT to_jsonb(d) FROM delivery d) AS q(x) ORDER BY x::text`
	before := f.column(sql)
	for range 2 {
		var checkpoints atomic.Int32
		life = f.aggregate(func(step string) error {
			if step == collect.StepCheckpoint {
				checkpoints.Add(1)
			}
			return nil
		})
		f.await("a whole checkpoint", func() bool { return checkpoints.Load() >= 2 })
		life.stop()
	}
	if diff := cmp.Diff(before, f.column(sql)); diff != "" {
		t.Errorf("a restart changed (-before +after):\n%s", diff)
	}
}

// TestABacklogIsJudgedAsOfItsTime has the aggregator away for ten minutes with an
// outage in them: nothing becomes unknown, and the incident is dated when it was.
func TestABacklogIsJudgedAsOfItsTime(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	life := f.aggregate(nil)
	f.healthy(m)
	f.settled()
	life.stop()
	start := f.now() / 1000 * 1000
	f.skip(10 * time.Minute)
	for n := 1; n <= 60; n++ {
		due := start.Add(time.Duration(n) * 10 * time.Second)
		finds := pass
		if n > 20 && n <= 40 {
			finds = fail
		}
		for _, region := range f.regions {
			c := m.Check(region, due)
			r := finds.result(&c, due)
			f.rawResult(queue.Lane{Region: region}, fmt.Sprintf("%d-1", due/1000), wire.EncodeResult(nil, &r))
		}
	}
	f.aggregate(nil)
	f.settled()
	f.await("the end of the backlog", func() bool {
		return f.verdict(m) == "up" && len(f.column("SELECT 1 FROM incident WHERE resolved_at IS NOT NULL")) == 1
	})
	spans := f.column("SELECT verdict FROM span WHERE monitor_id = $1 ORDER BY started_at", m.ID)
	if diff := cmp.Diff([]string{"unknown", "up", "down", "up"}, spans); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for column, want := range map[string]time.Duration{"opened_at": 210 * time.Second, "resolved_at": 410 * time.Second} {
		at, err := time.Parse("2006-01-02 15:04:05.999999-07", f.one("SELECT "+column+" FROM incident"))
		if err != nil {
			t.Fatal(err)
		}
		if late := uptime.InstantOf(at).Sub(start.Add(want)); late < 0 || late > 40*time.Second {
			t.Errorf("%s is %v after the results that made it so", column, late)
		}
	}
	f.consistent()
}
