//go:build integration

package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

func failure(m uptime.Monitor, region string, due uptime.Instant) postgres.Failure {
	return postgres.Failure{
		Monitor: m.ID, Revision: m.Revision, Region: region, Due: due, Outcome: uptime.OutcomeFail, Reason: uptime.ReasonStatus,
		Attempts: 1, Evidence: []byte(`{"excerpt":"out of order"}`),
	}
}

// led returns region and second of the failures that are kept with an incident.
func (b *bench) led(incident uptime.ID) []string {
	b.Helper()
	failures, err := b.store.FailuresOfIncident(b.Context(), b.org, incident)
	if err != nil {
		b.Fatal(err)
	}
	var out []string
	for _, f := range failures {
		out = append(out, fmt.Sprintf("%s %.0f", f.Region, f.Due.Sub(start).Seconds()))
	}
	return out
}

// What roused suspicion may have been written long before the incident opens.
func TestAnIncidentFindsTheFailuresThatLedToIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m, other := b.monitor(), b.monitor()
	var before unit.Unit
	before.Monitor, before.Target = m.ID, m.Revision
	for _, s := range []int{-300, -30, 0, 10, 20, 30, 40} {
		before.Failures = append(before.Failures, failure(m, "a", at(time.Duration(s)*time.Second)))
	}
	b.record(before, unit.Unit{Monitor: other.ID, Target: 1, Failures: []postgres.Failure{failure(other, "a", at(0))}})
	opening := down(m, at(time.Minute))
	opening.Opened[0].FirstFailure = at(0)
	opening.Failures = []postgres.Failure{failure(m, "b", at(50*time.Second)), failure(m, "a", at(0))} // one that is there
	opened := postgres.IncidentID(m.ID, at(time.Minute), uptime.VerdictDown)
	b.record(opening)
	late := unit.Unit{Monitor: m.ID, Target: m.Revision, Failures: []postgres.Failure{failure(m, "c", at(61*time.Second)), failure(m, "c", at(200*time.Second))}}
	late.Failures[0].Incident = opened
	b.record(late)
	if diff := cmp.Diff([]string{"a -30", "a 0", "a 10", "b 50", "c 61"}, b.led(opened)); diff != "" {
		t.Errorf("kept with the incident (-want +got):\n%s", diff)
	}

	// Another incident soon after leaves them where they are.
	again := down(m, at(70*time.Second))
	again.Opened[0].FirstFailure = at(20 * time.Second)
	b.record(up(m, at(65*time.Second)), again)
	if diff := cmp.Diff([]string{"a -30", "a 0", "a 10", "b 50", "c 61"}, b.led(opened)); diff != "" {
		t.Errorf("kept with the first incident (-want +got):\n%s", diff)
	}
	second := postgres.IncidentID(m.ID, at(70*time.Second), uptime.VerdictDown)
	if diff := cmp.Diff([]string{"a 20", "a 30", "a 40"}, b.led(second)); diff != "" {
		t.Errorf("kept with the second (-want +got):\n%s", diff)
	}
	if n := b.count("failure WHERE monitor_id = $1 AND incident_id IS NULL", other.ID); n != 1 {
		t.Error("the failure of another monitor is gone, or of the incident")
	}
	b.record(before, late) // a replay
	if n := b.count("failure"); n != 11 {
		t.Errorf("%d failures after a replay, want 11", n)
	}
	if _, err := b.store.Pool().Exec(t.Context(), "DELETE FROM incident"); err != nil {
		t.Fatal(err)
	}
	if n := b.count("failure WHERE incident_id IS NULL"); n != 11 {
		t.Errorf("%d failures after the incidents are gone, want 11", n)
	}
}

// An incident that is opened and resolved in one unit still gets its failures.
func TestABriefIncidentKeepsItsFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.monitor()
	u := down(m, at(0))
	u.Resolved = up(m, at(time.Second)).Resolved
	u.Failures = []postgres.Failure{failure(m, "a", at(0))}
	id := postgres.IncidentID(m.ID, at(0), uptime.VerdictDown)
	u.Failures[0].Incident = id
	never := failure(m, "b", at(0))
	never.Incident = uptime.NewID(time.Now()) // one that was not opened
	u.Failures = append(u.Failures, never)
	b.record(u)
	if diff := cmp.Diff([]string{"a 0"}, b.led(id)); diff != "" {
		t.Errorf("kept with the incident (-want +got):\n%s", diff)
	}
	if n := b.count("failure WHERE incident_id IS NULL"); n != 1 {
		t.Errorf("%d failures without incident, want one", n)
	}
}

// The database has the last word on what a monitor looks at.
func TestFailuresOfAnEarlierTargetAreLeftOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := b.monitor()
	if _, err := b.store.Pool().Exec(t.Context(), "UPDATE monitor SET target = 'https://other.test' WHERE id = $1", m.ID); err != nil {
		t.Fatal(err)
	}
	fresh := failure(m, "b", at(0))
	fresh.Revision++
	b.record(unit.Unit{Monitor: m.ID, Target: m.Revision, Failures: []postgres.Failure{failure(m, "a", at(0)), fresh}})
	if n := b.count("failure"); n != 1 || b.count("failure WHERE region = 'b'") != 1 {
		t.Errorf("%d failures, want that of the new target", n)
	}
}
