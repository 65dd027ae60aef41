//go:build integration

package app

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// exec changes something as the api does.
func (f *fleet) exec(sql string, args ...any) {
	f.Helper()
	if _, err := f.store.Pool().Exec(f.Context(), sql, args...); err != nil {
		f.Fatal(err)
	}
}

// hold makes a transaction that changes the monitor and is committed by the returned
// function: the aggregator judges while the change is under way.
func (f *fleet) hold(sql string, args ...any) (commit func()) {
	f.Helper()
	tx, err := f.store.Pool().Begin(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // After the commit it only says so.
	if _, err := tx.Exec(f.Context(), sql, args...); err != nil {
		f.Fatal(err)
	}
	return func() {
		if err := tx.Commit(context.Background()); err != nil {
			f.Error(err)
		}
	}
}

const retarget = "UPDATE monitor SET target = 'https://other.test', revision = revision + 1, updated_at = now() WHERE id = $1"

// TestWhatChangesInFlightOpensNothing judges an outage while the change that makes it
// void is being committed: the transition waits for it and is refused.
func TestWhatChangesInFlightOpensNothing(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"pause":   "UPDATE website SET paused = true WHERE id = (SELECT website_id FROM monitor WHERE id = $1)",
		"target":  retarget,
		"delete":  "DELETE FROM website WHERE id = (SELECT website_id FROM monitor WHERE id = $1)",
		"monitor": "DELETE FROM monitor WHERE id = $1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "ap-south", "eu-west", "us-east")
			m, witness := f.add(), f.add()
			fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered", "advisory")
			f.aggregate(nil)
			f.healthy(m, witness)
			commit := f.hold(sql, m.ID)
			f.answer(fail)
			f.slot([]uptime.Monitor{m, witness}) // It is still there for everybody else.
			f.await("a transition that waits for the change", func() bool {
				return len(f.column("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")) > 0
			})
			commit()
			f.await("the witness' incident", func() bool { return len(f.column("SELECT 1 FROM incident WHERE monitor_id = $1", witness.ID)) == 1 })
			f.settled()
			if rows := f.column("SELECT to_jsonb(i) FROM incident i WHERE monitor_id = $1", m.ID); len(rows) > 0 {
				t.Errorf("opened %v", rows)
			}
			if rows := f.column("SELECT 1 FROM delivery WHERE website_id = $1", m.WebsiteID); len(rows) > 0 {
				t.Errorf("%d alerts of it", len(rows))
			}
			if open := f.column("SELECT verdict FROM span WHERE monitor_id = $1 AND ended_at IS NULL", m.ID); name == "pause" && len(open) > 0 {
				t.Errorf("paused time is %v", open)
			}
			f.consistent()
		})
	}
}

func TestATargetThatChangesEndsItsIncidentInSilence(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	f.aggregate(nil)
	f.healthy(m)
	f.answer(fail)
	f.slot([]uptime.Monitor{m})
	f.await("verdict down", func() bool { return f.verdict(m) == "down" })

	// Another interval, policy or choice of regions is no reason to end it.
	f.exec("UPDATE monitor SET interval_ms = 15000, regions = '{eu-west,us-east}', revision = revision + 1, updated_at = now() WHERE id = $1", m.ID)
	f.await("the change to be judged", func() bool {
		return f.one("SELECT revision FROM monitor_state WHERE monitor_id = $1", m.ID) == "2"
	})
	f.slot([]uptime.Monitor{m}, "eu-west", "us-east")
	f.settled()
	if open := f.column("SELECT 1 FROM incident WHERE resolved_at IS NULL"); len(open) != 1 {
		t.Fatalf("%d open incidents after a change of the interval, want one:\n%s", len(open), f.picture())
	}
	f.exec(retarget, m.ID)
	f.await("the end of the incident", func() bool { return len(f.column("SELECT 1 FROM incident WHERE resolved_at IS NULL")) == 0 })
	f.await("no vote of the old target", func() bool {
		return len(f.column("SELECT 1 FROM vote WHERE monitor_id = $1 AND revision < 3", m.ID)) == 0
	})
	f.answer(pass)
	f.slot([]uptime.Monitor{m}, "eu-west", "us-east")
	f.await("verdict up", func() bool { return f.verdict(m) == "up" })
	if diff := cmp.Diff(map[string]int{"down": 1}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	f.consistent()
}

func TestPausedTimeBelongsToNoVerdict(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	f.aggregate(nil)
	f.healthy(m)
	f.answer(fail)
	f.slot([]uptime.Monitor{m})
	f.await("verdict down", func() bool { return f.verdict(m) == "down" })
	if _, err := f.store.PauseWebsite(t.Context(), f.org, m.WebsiteID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	f.await("no open span", func() bool { return len(f.column("SELECT 1 FROM span WHERE ended_at IS NULL")) == 0 })
	f.await("no open span of a vote", func() bool { return len(f.column("SELECT 1 FROM vote_span WHERE ended_at IS NULL")) == 0 })
	if resolution := f.one("SELECT resolution FROM incident WHERE resolved_at IS NOT NULL"); resolution == "" {
		t.Error("the incident does not say that it was paused")
	}
	f.answer(pass)
	if _, err := f.store.ResumeWebsite(t.Context(), f.org, m.WebsiteID); err != nil {
		t.Fatal(err)
	}
	f.await("a span of not knowing", func() bool {
		return len(f.column("SELECT 1 FROM span WHERE ended_at IS NULL AND verdict = 'unknown'")) == 1
	})
	f.healthy(m)
	f.consistent()
}

func TestTheFirstResultsOfANewMonitorAreNotLost(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	f.exec("DROP TRIGGER monitor_notify ON monitor") // The results come before the word.
	f.aggregate(nil)
	f.healthy(f.add())
}

func TestAStaleEpochWritesNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down")
	first := f.aggregate(nil)
	f.healthy(m)
	f.settled()
	before := f.column("SELECT to_jsonb(v) FROM vote v UNION ALL SELECT to_jsonb(s) FROM monitor_state s")
	if _, held, err := f.store.AcquireLease(t.Context(), postgres.RoleAggregator, 0, "test", time.Minute); err != nil || !held {
		t.Fatalf("lease: %v, %v", held, err)
	}
	f.answer(fail)
	f.slot([]uptime.Monitor{m})
	f.await("the end of the fold", func() bool {
		select {
		case <-first.ended:
			return true
		default:
			return false
		}
	})
	after := f.column("SELECT to_jsonb(v) FROM vote v UNION ALL SELECT to_jsonb(s) FROM monitor_state s")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("a fold at a stale epoch wrote (-before +after):\n%s", diff)
	}
	if n := len(f.column("SELECT 1 FROM incident")) + len(f.alerts()); n > 0 {
		t.Errorf("it wrote %d incidents and alerts", n)
	}
	// Its successor finds the results that it took.
	f.aggregate(nil)
	f.await("verdict down", func() bool { return f.verdict(m) == "down" })
	f.settled()
	f.consistent()
}

func TestABatchThatCannotBeReadIsKeptAside(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	f.aggregate(nil)
	f.healthy(m)
	lane := queue.Lane{Region: "eu-west"}
	f.rawResult(lane, "*", []byte{0xff, 0xff, 0xff})
	f.await("a dead letter", func() bool {
		letters, err := f.queue.DeadLetters(t.Context(), lane, 10)
		return err == nil && len(letters) == 1
	})
	f.answer(fail)
	f.slot([]uptime.Monitor{m})
	f.await("verdict down", func() bool { return f.verdict(m) == "down" })
	f.settled()
}

func TestHostileDetailsAreWritten(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down")
	f.aggregate(nil)
	f.healthy(m)
	f.answer(answer{outcome: uptime.OutcomeFail, reason: uptime.ReasonProtocol, canary: uptime.CanaryPassed, detail: "a\x00\xff\\u0000b"})
	f.slot([]uptime.Monitor{m})
	f.await("verdict down", func() bool { return f.verdict(m) == "down" })
	f.settled()
	f.consistent()
}
