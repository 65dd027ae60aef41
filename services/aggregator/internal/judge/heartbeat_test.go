package judge

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// beat adds a heartbeat that is due every ten seconds with five of grace.
func (d *memory) beat(id byte) uptime.ID {
	w := watchedMonitor(id)
	w.Kind, w.Timeout, w.Settings = uptime.KindHeartbeat, 0, []byte(`{"grace_seconds":5}`)
	d.rows[w.ID] = &postgres.JudgedMonitor{Watched: w}
	return w.ID
}

func callAt(m uptime.ID, at uptime.Instant) *uptime.Result {
	return &uptime.Result{Monitor: m, Revision: 1, Region: uptime.RegionHeartbeat, Due: at, Started: at, Outcome: uptime.OutcomePass}
}

func passes(t *testing.T, j *Judge, now uptime.Instant) {
	t.Helper()
	if err := j.Advance(t.Context(), now, false); err != nil {
		t.Fatal(err)
	}
	if err := j.Checkpoint(t.Context(), now, nil); err != nil {
		t.Fatal(err)
	}
}

func verdictOf(j *Judge, m uptime.ID) uptime.Verdict {
	v, _ := j.table[j.slots[m]].state.Verdict()
	return v
}

func TestHeartbeatsOfAShardAreJudgedWhenTheApiIsHeard(t *testing.T) {
	t.Parallel()
	d := newMemory()
	a, b, c, never := d.beat(1), d.beat(2), d.beat(3), d.beat(4)
	j := d.life(t, epoch)
	j.Listened(epoch, epoch)
	for _, m := range []uptime.ID{a, b, c} {
		j.Result(callAt(m, epoch.Add(time.Second)), epoch.Add(time.Second))
	}
	passes(t, j, epoch.Add(time.Second))
	for s := 5; s <= 15; s += 5 {
		j.Listened(epoch.Add(time.Duration(s)*time.Second), epoch.Add(time.Duration(s)*time.Second))
	}
	now := epoch.Add(19500 * time.Millisecond) // past the deadline of 16 s, with nothing heard from after it
	j.Result(callAt(b, epoch.Add(14*time.Second)), now)
	j.Remove(c, now)
	delete(d.rows, c)
	passes(t, j, now)
	if got := verdictOf(j, a); got != uptime.VerdictUp || len(j.beats.awaiting) != 1 {
		t.Fatalf("%v before the api is heard, %d wait", got, len(j.beats.awaiting))
	}
	j.Listened(epoch.Add(20*time.Second), epoch.Add(20*time.Second))
	passes(t, j, epoch.Add(20*time.Second))
	got := map[string]uptime.Verdict{"a": verdictOf(j, a), "b": verdictOf(j, b), "never": verdictOf(j, never)}
	want := map[string]uptime.Verdict{"a": uptime.VerdictDown, "b": uptime.VerdictUp, "never": uptime.VerdictUnknown}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"opened"}, d.history); diff != "" {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
	if len(j.beats.awaiting) != 0 || len(j.beats.slots) != 3 || len(d.asks) != 0 {
		t.Errorf("%d wait, %d of three are known, %d asks", len(j.beats.awaiting), len(j.beats.slots), len(d.asks))
	}
	if rates := j.regions.rates(); len(rates) != 0 && rates[names[0]] != 0 {
		t.Errorf("heartbeats have scheduled checks: %v", rates)
	}
	// A region that turns sick or silent is nothing to them.
	d.regions(t, j, epoch.Add(21*time.Second), map[string]bool{names[0]: true, names[1]: true, names[2]: true})
	passes(t, j, epoch.Add(21*time.Second))
	if verdictOf(j, b) != uptime.VerdictUp || verdictOf(j, a) != uptime.VerdictDown {
		t.Error("the regions have a say in what a job says")
	}
}

// A call is judged after the silence that came before it, even if nobody looked meanwhile.
func TestSilenceBeforeACallIsNotMissed(t *testing.T) {
	t.Parallel()
	d := newMemory()
	m := d.beat(1)
	j := d.life(t, epoch)
	j.Listened(epoch, epoch)
	j.Result(callAt(m, epoch.Add(time.Second)), epoch.Add(time.Second))
	passes(t, j, epoch.Add(time.Second))
	for s := 5; s <= 30; s += 5 { // a backlog, folded at once
		j.Listened(epoch.Add(time.Duration(s)*time.Second), epoch.Add(2*time.Second))
	}
	j.Result(callAt(m, epoch.Add(31*time.Second)), epoch.Add(2*time.Second))
	passes(t, j, epoch.Add(32*time.Second))
	if diff := cmp.Diff([]string{"opened", "resolved"}, d.history); diff != "" {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
	if got := j.Listening(); got != (postgres.Listening{Since: epoch, Until: epoch.Add(30 * time.Second)}) {
		t.Errorf("listening %+v", got)
	}
}

// A gap costs one look at each heartbeat, and wants each written once.
func TestAGapPutsEveryDeadlineOff(t *testing.T) {
	t.Parallel()
	d := newMemory()
	var all []uptime.ID
	for id := byte(1); id <= 100; id++ {
		all = append(all, d.beat(id))
	}
	j := d.life(t, epoch)
	j.Listened(epoch, epoch)
	for _, m := range all {
		j.Result(callAt(m, epoch.Add(time.Second)), epoch.Add(time.Second))
	}
	passes(t, j, epoch.Add(time.Second))
	back := epoch.Add(14 * time.Second)
	j.RestoreListening(postgres.Listening{Since: epoch.Add(-20 * time.Second), Until: epoch.Add(-10 * time.Second)})
	j.Listened(back, back)
	passes(t, j, back)
	for i := 5; i <= 15; i += 5 {
		j.Listened(back.Add(time.Duration(i)*time.Second), back.Add(time.Duration(i)*time.Second))
		passes(t, j, back.Add(time.Duration(i)*time.Second))
	}
	for _, m := range all {
		if got := verdictOf(j, m); got != uptime.VerdictUp {
			t.Fatalf("%v although its deadline was put off", got)
		}
	}
	for i := 20; i <= 25; i += 5 {
		j.Listened(back.Add(time.Duration(i)*time.Second), back.Add(time.Duration(i)*time.Second))
		passes(t, j, back.Add(time.Duration(i)*time.Second))
	}
	for _, m := range all {
		if got := verdictOf(j, m); got != uptime.VerdictDown {
			t.Fatalf("%v after its new deadline", got)
		}
	}
}
