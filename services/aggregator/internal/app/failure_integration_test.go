//go:build integration

package app

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
	"github.com/probefleet/probefleet/services/aggregator/internal/collect"
	"github.com/probefleet/probefleet/services/aggregator/internal/incident"
)

// shown fails with evidence.
var shown = answer{
	outcome: uptime.OutcomeFail, reason: uptime.ReasonStatus, canary: uptime.CanaryPassed, detail: "status 500",
	saw: `{"excerpt":"out of order","header":{"Server":["x"]}}`,
}

// led returns of each region how many failures are kept with the monitor's incident.
func (f *fleet) led(m uptime.Monitor) map[string]int {
	f.Helper()
	counts := map[string]int{}
	for _, region := range f.column("SELECT f.region FROM failure f JOIN incident i ON i.id = f.incident_id WHERE f.monitor_id = $1", m.ID) {
		counts[region]++
	}
	return counts
}

func TestAnIncidentKeepsWhatLedToIt(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m, other := f.add(), f.add()
	f.aggregate(nil)
	f.healthy(m, other)

	f.answer(shown)
	f.slot([]uptime.Monitor{m}, "eu-west")
	f.await("verdict down", func() bool { return f.verdict(m) == "down" })
	f.settled()
	f.await("failures of every region", func() bool { return len(f.led(m)) == 3 })
	for region, n := range f.led(m) {
		if n > 4 {
			t.Errorf("%d failures of %s are kept with the incident", n, region)
		}
	}
	got := f.one(`SELECT jsonb_build_object('evidence', evidence, 'code', code, 'ip', ip, 'reason', reason, 'detail', detail, 'outcome', outcome,
		'total', total_us, 'worker', worker, 'org', org_id = $2) FROM failure WHERE monitor_id = $1 AND region = 'eu-west' ORDER BY due LIMIT 1`, m.ID, f.org)
	want := `{"ip": "192.0.2.7", "org": true, "code": 200, "total": 20000, "detail": "status 500", "reason": "status", "worker": "w",
		"outcome": "fail", "evidence": {"header": {"Server": ["x"]}, "excerpt": "out of order"}}`
	if diff := cmp.Diff(decode[map[string]any](t, want), decode[map[string]any](t, got)); diff != "" {
		t.Errorf("the first failure (-want +got):\n%s", diff)
	}
	if first := f.one("SELECT f.due = to_timestamp((e.at_us)::numeric / 1e6) FROM (SELECT min(due) AS due FROM failure WHERE monitor_id = $1) f, "+
		"(SELECT extract(epoch FROM at) * 1e6 AS at_us FROM incident_event WHERE kind = 'first_failure') e", m.ID); first != "true" {
		t.Error("the failure that roused suspicion is not kept")
	}

	// The outage goes on: more of the same is not recorded each time.
	before := len(f.column("SELECT 1 FROM failure"))
	for range 20 {
		f.slot([]uptime.Monitor{m})
	}
	f.settled()
	if after := len(f.column("SELECT 1 FROM failure")); after > before+3 {
		t.Errorf("%d failures after 60 more checks, were %d", after, before)
	}
	if rows := f.column("SELECT 1 FROM failure WHERE monitor_id = $1", other.ID); len(rows) > 0 {
		t.Errorf("%d failures of a monitor that is well", len(rows))
	}
	f.exec("DELETE FROM monitor WHERE id = $1", m.ID)
	if rows := f.column("SELECT 1 FROM failure"); len(rows) > 0 {
		t.Errorf("%d failures are left of a deleted monitor", len(rows))
	}
}

func TestKilledAnywhereKeepsWhatWasSeen(t *testing.T) {
	t.Parallel()
	for _, step := range []string{collect.StepCheckpoint, incident.StepBegin, incident.StepCommit, incident.StepCommitted} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "ap-south", "eu-west", "us-east")
			m := f.add()
			var armed atomic.Bool
			failpoint := func(at string) error {
				if at == step && armed.Load() {
					return errKilled
				}
				return nil
			}
			life := f.aggregate(failpoint)
			f.healthy(m)
			f.settled()
			armed.Store(true)
			f.answer(shown)
			f.slot([]uptime.Monitor{m})
			if !life.died(patience) {
				t.Fatalf("did not come to step %s: %v", step, life.err)
			}
			armed.Store(false)
			f.aggregate(failpoint)
			f.await("verdict down", func() bool { return f.verdict(m) == "down" })
			f.settled()
			f.await("failures of every region", func() bool { return len(f.led(m)) == 3 })
			if rows := f.column("SELECT to_jsonb(f) FROM failure f WHERE evidence = '{}' OR incident_id IS NULL AND due < (SELECT opened_at FROM incident)"); len(rows) > 0 {
				t.Errorf("failures without evidence or incident: %v", rows)
			}
			f.consistent()
		})
	}
}

func TestFailuresOfAMonitorAreBounded(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m, other := f.add(), f.add()
	for _, monitor := range []uptime.Monitor{m, other} {
		f.exec(`INSERT INTO failure (monitor_id, org_id, region, due, outcome, reason)
			SELECT $1, $2, 'eu-west', now() - make_interval(mins => n), 'fail', 'timeout' FROM generate_series(1, 60) n`, monitor.ID, f.org)
	}
	f.aggregate(nil)
	f.healthy(m, other)
	f.answer(shown, "us-east") // one region: no incident
	f.slot([]uptime.Monitor{m}, "us-east")
	f.await("the new failure", func() bool { return len(f.column("SELECT 1 FROM failure WHERE region = 'us-east'")) > 0 })
	f.settled()
	if n := len(f.column("SELECT 1 FROM failure WHERE monitor_id = $1", m.ID)); n != 50 {
		t.Errorf("%d failures are kept, want 50", n)
	}
	news := len(f.column("SELECT 1 FROM failure WHERE region = 'us-east'"))
	if n := f.one("SELECT round(extract(epoch FROM now() - min(due)) / 60) FROM failure WHERE monitor_id = $1", m.ID); n != fmt.Sprint(50-news) {
		t.Errorf("the oldest is of %s minutes ago, want that of %d", n, 50-news)
	}
	if n := len(f.column("SELECT 1 FROM failure WHERE monitor_id = $1", other.ID)); n != 60 {
		t.Errorf("%d failures of a monitor that was not touched, want 60", n)
	}
}

// What the check of an earlier target saw is not said of the new one.
func TestFailuresOfAnotherRevisionAreDropped(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	f.aggregate(nil)
	f.healthy(m)
	f.exec(retarget, m.ID)
	now := f.monitor(m.ID)
	put := func(revision int64, region, detail string) {
		t.Helper()
		due := f.now()/1000*1000 + 1
		f.rawResult(queue.Lane{Region: region}, "*", wire.EncodeResult(nil, &uptime.Result{
			Monitor: m.ID, Revision: revision, Due: due, Started: due.Add(time.Millisecond), Request: uptime.NewID(time.Now()),
			Outcome: uptime.OutcomeFail, Reason: uptime.ReasonStatus, Detail: detail, Evidence: []byte(shown.saw), Attempts: 1,
		}))
	}
	put(m.Revision, "eu-west", "old, before")
	put(now.Revision, "eu-west", "new")
	f.await("the failure of the new target", func() bool { return len(f.column("SELECT 1 FROM failure WHERE detail = 'new'")) == 1 })
	put(m.Revision, "eu-west", "old, after")
	put(m.Revision, "us-east", "old, elsewhere")
	put(now.Revision, "us-east", "newer")
	f.await("the failure after it", func() bool { return len(f.column("SELECT 1 FROM failure WHERE detail = 'newer'")) == 1 })
	f.settled()
	if rows := f.column("SELECT detail FROM failure WHERE detail LIKE 'old%'"); len(rows) > 0 {
		t.Errorf("of the earlier target there are %v", rows)
	}
}

// What a region sends as evidence may be anything; the database takes it all the same,
// and with it what was judged.
func TestEvidenceThatTheDatabaseWouldRefuse(t *testing.T) {
	t.Parallel()
	for name, saw := range map[string]string{
		"NUL": `{"excerpt":"a\u0000b"}`, "half a surrogate": `{"excerpt":"\ud800"}`, "no JSON": `{"excerpt":`, "a list": `[1]`, "null": `null`,
		"a large number": `{"n":1e999999}`, "not UTF-8": "{\"excerpt\":\"\xff\"}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "ap-south", "eu-west", "us-east")
			m := f.add()
			f.aggregate(nil)
			f.healthy(m)
			odd := shown
			odd.saw = saw
			f.answer(odd)
			f.slot([]uptime.Monitor{m})
			f.await("verdict down", func() bool { return f.verdict(m) == "down" })
			f.settled()
			f.await("failures of every region", func() bool { return len(f.led(m)) == 3 })
			if rows := f.column("SELECT evidence FROM failure WHERE jsonb_typeof(evidence) <> 'object'"); len(rows) > 0 {
				t.Errorf("evidence is %v", rows)
			}
			f.consistent()
		})
	}
}
