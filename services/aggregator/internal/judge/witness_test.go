package judge

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

func TestWhichFailuresAreRecorded(t *testing.T) {
	t.Parallel()
	type step struct {
		at     int // seconds
		reason uptime.Reason
		what   string // of evidence, urgent, open
		want   bool
	}
	const status, timeout = uptime.ReasonStatus, uptime.ReasonTimeout
	for name, steps := range map[string][]step{
		"a suspicion is recorded with its rounds": {
			{0, status, "evidence", true}, {1, status, "urgent", true}, {2, status, "urgent evidence", true}, {3, status, "evidence", false},
		},
		"without evidence only the first of its reason": {
			{0, status, "", true}, {30, status, "", false}, {90, status, "", false}, {120, timeout, "", true}, {600, timeout, "", false},
		},
		"an outage is recorded once a minute": {
			{0, status, "evidence", true}, {1, status, "urgent evidence", true}, {30, status, "urgent evidence open", false},
			{59, status, "evidence open", false}, {61, status, "urgent evidence open", true}, {90, status, "urgent evidence open", false},
			{121, status, "urgent open", true},
		},
		"reasons that take turns are bounded": {
			{0, status, "evidence", true}, {5, timeout, "evidence", true}, {10, status, "evidence", true}, {15, timeout, "evidence", true},
			{20, status, "evidence", false}, {25, timeout, "urgent evidence", false}, {60, status, "evidence", true},
		},
		"late ones count as of their minute": {
			{100, status, "evidence", true}, {0, status, "evidence", false}, {1, timeout, "evidence", true}, {161, timeout, "evidence", true},
		},
	} {
		var s sighting
		for i, step := range steps {
			r := uptime.Result{Due: epoch.Add(time.Duration(step.at) * time.Second), Reason: step.reason}
			var open bool
			for word := range strings.FieldsSeq(step.what) {
				switch word {
				case "evidence":
					r.Evidence = []byte("{}")
				case "urgent":
					r.Due++
				case "open":
					open = true
				}
			}
			if got := s.admit(&r, open); got != step.want {
				t.Errorf("%s: step %d: %+v: %v", name, i, step, got)
			}
		}
	}
}

// keeper records the failures of units.
type keeper struct {
	*memory
	failures []postgres.Failure
}

func (k *keeper) Record(ctx context.Context, units []unit.Unit, at []postgres.Position) ([]uptime.ID, error) {
	for i := range units {
		k.failures = append(k.failures, units[i].Failures...)
	}
	return k.memory.Record(ctx, units, at)
}

func failing(t *testing.T, monitors int) (*keeper, *Judge) {
	t.Helper()
	k := &keeper{memory: newMemory()}
	for i := range monitors {
		w := watchedMonitor(byte(i))
		w.ID[14] = byte(i >> 8)
		k.rows[w.ID] = &postgres.JudgedMonitor{Watched: w}
	}
	j := k.life(t, epoch)
	j.cfg.Recorder = k
	return k, j
}

func TestFailuresAreWrittenOnceAndOnlyOfWhatIsLookedAt(t *testing.T) {
	t.Parallel()
	k, j := failing(t, 1)
	id := uptime.ID{1}
	for i, change := range []func(*uptime.Result){
		func(*uptime.Result) {},
		func(r *uptime.Result) { r.Region = "b" },
		func(r *uptime.Result) {
			r.Region, r.Outcome, r.Reason = "c", uptime.OutcomeDegraded, uptime.ReasonAssertion
		},
		// none of the rest
		func(r *uptime.Result) { r.Region = "unassigned" },
		func(r *uptime.Result) { r.Region, r.Revision, r.Reason = "a", 0, uptime.ReasonTimeout },
		func(r *uptime.Result) {
			r.Region, r.Outcome, r.Reason = "a", uptime.OutcomeExpired, uptime.ReasonExpired
		},
		func(r *uptime.Result) {
			r.Region, r.Outcome, r.Reason = "a", uptime.OutcomeInvalid, uptime.ReasonUnsupported
		},
		func(r *uptime.Result) {
			r.Region, r.Due, r.Reason = "a", epoch.Add(365*24*time.Hour), uptime.ReasonTimeout
		},
	} {
		r := resultAt(id, "a", epoch.Add(time.Duration(i)*time.Millisecond), true)
		r.Evidence = []byte(`{"excerpt":"x"}`)
		change(&r)
		j.Result(&r, epoch)
	}
	for range 2 {
		if err := j.Checkpoint(t.Context(), epoch, nil); err != nil {
			t.Fatal(err)
		}
	}
	var regions []string
	for _, f := range k.failures {
		regions = append(regions, f.Region)
		if f.Monitor != id || f.Revision != 1 || string(f.Evidence) != `{"excerpt":"x"}` || f.IP != "192.0.2.1" {
			t.Errorf("recorded %+v", f)
		}
	}
	if slices.Sort(regions); !slices.Equal(regions, names) {
		t.Errorf("recorded of %v, want one of each region", regions)
	}
	if j.held != 0 {
		t.Errorf("%d bytes are held after all is written", j.held)
	}
}

func TestWhatWaitsToBeWrittenIsBounded(t *testing.T) {
	t.Parallel()
	const monitors, size = 2000, 6 << 10
	k, j := failing(t, monitors)
	evidence := make([]byte, size)
	for i := range monitors {
		for _, region := range names {
			r := resultAt(uptime.ID{1, 14: byte(i >> 8), 15: byte(i)}, region, epoch, true)
			r.Evidence = evidence
			j.Result(&r, epoch)
		}
		if j.held > heldMost {
			t.Fatalf("%d bytes are held", j.held)
		}
	}
	gone := uptime.ID{1, 15: 0}
	before := j.held
	if j.Remove(gone, epoch); j.held >= before {
		t.Error("what is held of a monitor that is gone keeps its room")
	}
	dropped := testutil.ToFloat64(j.cfg.Metrics.dropped)
	if err := j.Checkpoint(t.Context(), epoch, nil); err != nil {
		t.Fatal(err)
	}
	if n := len(k.failures); dropped == 0 || n+len(names)+int(dropped) != monitors*len(names) || j.held != 0 {
		t.Errorf("%d written, %.0f dropped of %d; %d bytes are held", n, dropped, monitors*len(names), j.held)
	}
}

// In a backlog hours pass between two writes; the newest few of a region wait.
func TestTheNewestFailuresOfABacklogAreKept(t *testing.T) {
	t.Parallel()
	k, j := failing(t, 1)
	var last uptime.Instant
	for i := range 100 {
		last = epoch.Add(time.Duration(i) * 2 * time.Minute)
		r := resultAt(uptime.ID{1}, "a", last, true)
		r.Evidence = []byte("{}")
		j.Result(&r, last)
	}
	if err := j.Checkpoint(t.Context(), last, nil); err != nil {
		t.Fatal(err)
	}
	if n := len(k.failures); n != failureBurst || k.failures[n-1].Due != last || testutil.ToFloat64(j.cfg.Metrics.dropped) != 100-failureBurst {
		t.Errorf("%d written, the last due %v", n, k.failures[n-1].Due.Time())
	}
}

func TestWitnessesAreForgotten(t *testing.T) {
	t.Parallel()
	_, j := failing(t, 1)
	r := resultAt(uptime.ID{1}, "a", epoch, true)
	j.Result(&r, epoch)
	m := j.table[0]
	if m.forget(epoch.Add(witnessFor - 1000)); m.witness == nil {
		t.Error("forgotten too early")
	}
	if m.forget(epoch.Add(witnessFor)); m.witness != nil {
		t.Error("remembered for ever")
	}
}
