package judge

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// memory is a database that holds what units say, for one life of a judge after
// another. It refuses what the real one refuses.
type memory struct {
	rows     map[uptime.ID]*postgres.JudgedMonitor
	asks     []unit.Ask
	history  []string // of incidents
	troubles []unit.Trouble
	warnings []string // of what ends
	records  int
}

func newMemory() *memory { return &memory{rows: map[uptime.ID]*postgres.JudgedMonitor{}} }

func (d *memory) Record(_ context.Context, units []unit.Unit, _ []postgres.Position) ([]uptime.ID, error) {
	d.records++
	var refused []uptime.ID
	for _, u := range units {
		row := d.rows[u.Monitor]
		if row == nil || u.Transition() && (row.Watched.TargetRevision != u.Target || row.Watched.Paused && !u.Paused) {
			refused = append(refused, u.Monitor)
			continue
		}
		if u.State != nil {
			row.State = u.State
		}
		for _, v := range u.Votes {
			i := slices.IndexFunc(row.Votes, func(o postgres.Vote) bool { return o.Region == v.Region })
			if i < 0 {
				row.Votes = append(row.Votes, v)
				continue
			}
			row.Votes[i] = v
		}
		for _, f := range u.Forget {
			row.Votes = slices.DeleteFunc(row.Votes, func(o postgres.Vote) bool { return o.Region == f.Region })
		}
		d.end(row, u.Expiries)
		for range u.Resolved {
			if row.Open != nil {
				row.Open = nil
				d.history = append(d.history, "resolved")
			}
		}
		for _, o := range u.Opened {
			if row.Open == nil {
				row.Open = &postgres.OpenIncident{Monitor: u.Monitor, Opened: o.At}
				d.history = append(d.history, "opened")
			}
		}
	}
	return refused, nil
}

func (d *memory) RecordTrouble(_ context.Context, troubles []unit.Trouble) error {
	d.troubles = append(d.troubles, troubles...)
	return nil
}

func (d *memory) Ask(asks []unit.Ask) { d.asks = append(d.asks, asks...) }

func (d *memory) Load(_ context.Context, ids []uptime.ID) ([]postgres.JudgedMonitor, error) {
	var out []postgres.JudgedMonitor
	for _, id := range ids {
		if row := d.rows[id]; row != nil {
			out = append(out, d.copyOf(row))
		}
	}
	return out, nil
}

func (d *memory) copyOf(row *postgres.JudgedMonitor) postgres.JudgedMonitor {
	c := *row
	c.Votes, c.Ends = slices.Clone(row.Votes), slices.Clone(row.Ends)
	return c
}

var names = []string{"a", "b", "c"}

func watchedMonitor(id byte) postgres.Watched {
	m := uptime.Monitor{
		ID: uptime.ID{1, 15: id}, Revision: 1, Kind: uptime.KindHTTP, Interval: 10 * time.Second, Timeout: 2 * time.Second,
		Policy: uptime.Policy{Quorum: uptime.Quorum{Mode: uptime.QuorumMajority}, RecoveryRounds: 1},
	}
	return postgres.Watched{Monitor: m, TargetRevision: 1}
}

// life starts a judge on what is in the memory.
func (d *memory) life(t testing.TB, now uptime.Instant) *Judge {
	t.Helper()
	j := New(Config{Recorder: d, Asker: d, Loader: d, Fleet: true})
	d.regions(t, j, now, nil)
	for _, id := range slices.SortedFunc(maps.Keys(d.rows), func(a, b uptime.ID) int { return slices.Compare(a[:], b[:]) }) {
		row := d.copyOf(d.rows[id])
		j.Put(&row, now)
	}
	return j
}

func (d *memory) regions(t testing.TB, j *Judge, now uptime.Instant, silent map[string]bool) {
	t.Helper()
	all := make([]unit.Region, len(names))
	for i, name := range names {
		all[i] = unit.Region{Name: name, Enabled: true, Live: !silent[name]}
	}
	if err := j.SetRegions(t.Context(), all, now); err != nil {
		t.Fatal(err)
	}
}

func resultAt(m uptime.ID, region string, due uptime.Instant, failed bool) uptime.Result {
	r := uptime.Result{
		Monitor: m, Revision: 1, Region: region, Due: due, Started: due, Outcome: uptime.OutcomePass, Code: 200,
		Phases: uptime.Phases{Total: 20 * time.Millisecond}, IP: "192.0.2.1", Site: region, Canary: uptime.CanaryPassed,
	}
	if failed {
		r.Outcome, r.Reason, r.Detail = uptime.OutcomeFail, uptime.ReasonStatus, "status 500"
	}
	return r
}

var epoch = uptime.InstantOf(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))

// told is a result and when it was folded first.
type told struct {
	uptime.Result
	at uptime.Instant
}

// fold has results folded as of their time, as a backlog is.
func fold(t *rapid.T, j *Judge, results ...told) {
	for i := range results {
		r := results[i].Result
		j.Result(&r, results[i].at)
		if err := j.Advance(context.Background(), results[i].at, true); err != nil {
			t.Fatal(err)
		}
	}
}

// TestARestartAnywhereChangesNothingThatIsJudged folds random results twice: once
// without a stop, and once killed at random moments, after which what was not
// checkpointed is folded again. What is judged, asked nothing of the past, is the same.
func TestARestartAnywhereChangesNothingThatIsJudged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steady, killed := newMemory(), newMemory()
		m := watchedMonitor(1)
		for _, d := range []*memory{steady, killed} {
			d.rows[m.ID] = &postgres.JudgedMonitor{Watched: m}
		}
		a, b := steady.life(t, epoch), killed.life(t, epoch)
		saved, now := epoch, epoch
		var unsaved []told
		for n := range rapid.IntRange(5, 60).Draw(rt, "results") {
			now = epoch.Add(time.Duration(n+1) * 3300 * time.Millisecond)
			r := told{resultAt(m.ID, names[n%3], now.Add(-time.Millisecond), rapid.Bool().Draw(rt, "fails")), now}
			fold(rt, a, r)
			fold(rt, b, r)
			unsaved = append(unsaved, r)
			switch rapid.IntRange(0, 4).Draw(rt, "event") {
			case 0:
				if err := b.Checkpoint(t.Context(), now, nil); err != nil {
					rt.Fatal(err)
				}
				unsaved, saved = nil, now
			case 1:
				b = killed.life(t, saved)
				fold(rt, b, unsaved...)
			}
		}
		for _, j := range []*Judge{a, b} {
			if err := j.Checkpoint(t.Context(), now, nil); err != nil {
				rt.Fatal(err)
			}
		}
		if diff := cmp.Diff(steady.history, killed.history); diff != "" {
			rt.Fatalf("history (-steady +killed):\n%s", diff)
		}
		if diff := cmp.Diff(steady.rows[m.ID].Votes, killed.rows[m.ID].Votes); diff != "" {
			rt.Fatalf("votes (-steady +killed):\n%s", diff)
		}
		if s, k := steady.rows[m.ID].State, killed.rows[m.ID].State; s.Verdict != k.Verdict || s.Since != k.Since {
			rt.Fatalf("verdict %v since %d, killed %v since %d", s.Verdict, s.Since, k.Verdict, k.Since)
		}
	})
}

// up brings a judge's monitors up, and past the first burst.
func up(t *testing.T, j *Judge, d *memory, now uptime.Instant) {
	t.Helper()
	for id := range d.rows {
		for _, region := range names {
			r := resultAt(id, region, now, false)
			j.Result(&r, now)
		}
	}
	advance(t, j, now)
	for id := range d.rows {
		if v, _ := j.table[j.slots[id]].state.Verdict(); v != uptime.VerdictUp {
			t.Fatalf("monitor is %v, want up", v)
		}
	}
}

func advance(t *testing.T, j *Judge, now uptime.Instant) {
	t.Helper()
	if err := j.Advance(t.Context(), now, false); err != nil {
		t.Fatal(err)
	}
}

func TestAFailureIsConfirmedInEveryRegion(t *testing.T) {
	t.Parallel()
	d := newMemory()
	m := watchedMonitor(1)
	d.rows[m.ID] = &postgres.JudgedMonitor{Watched: m}
	j := d.life(t, epoch)
	up(t, j, d, epoch)
	now := epoch.Add(10 * time.Second)
	r := resultAt(m.ID, "b", now, true)
	j.Result(&r, now)
	advance(t, j, now)
	if len(d.asks) != 1 || !slices.Equal(d.asks[0].Regions, names) || d.asks[0].Revision != 1 {
		t.Fatalf("asked %+v, want every region once", d.asks)
	}
	for _, region := range names {
		r := resultAt(m.ID, region, now.Add(time.Second), true)
		j.Result(&r, now.Add(time.Second))
	}
	advance(t, j, now.Add(time.Second))
	if !slices.Equal(d.history, []string{"opened"}) {
		t.Errorf("history is %v, want an incident at once", d.history)
	}
}

func TestSteadyResultsTouchOnlyTheirVotes(t *testing.T) {
	t.Parallel()
	d := newMemory()
	m := watchedMonitor(1)
	d.rows[m.ID] = &postgres.JudgedMonitor{Watched: m}
	j := d.life(t, epoch)
	up(t, j, d, epoch)
	if err := j.Checkpoint(t.Context(), epoch, nil); err != nil {
		t.Fatal(err)
	}
	state, records := d.rows[m.ID].State, d.records
	for n := 1; n <= 4; n++ {
		now := epoch.Add(time.Duration(n) * 3 * time.Second)
		r := resultAt(m.ID, "b", now, false)
		j.Result(&r, now)
		advance(t, j, now)
	}
	if d.records != records {
		t.Errorf("%d transactions for results that change nothing", d.records-records)
	}
	if err := j.Checkpoint(t.Context(), epoch.Add(20*time.Second), nil); err != nil {
		t.Fatal(err)
	}
	if d.rows[m.ID].State != state {
		t.Error("a refreshed vote wrote the whole state")
	}
	for _, v := range d.rows[m.ID].Votes {
		if want := map[string]time.Duration{"b": 12 * time.Second}[v.Region]; v.Due != epoch.Add(want) {
			t.Errorf("vote of %s is due %v after the start, want %v", v.Region, v.Due.Sub(epoch), want)
		}
	}
}

func TestASteadyResultAllocatesNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	d := newMemory()
	m := watchedMonitor(1)
	d.rows[m.ID] = &postgres.JudgedMonitor{Watched: m}
	j := d.life(t, epoch)
	up(t, j, d, epoch)
	now := epoch
	if allocs := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Millisecond)
		r := resultAt(m.ID, "b", now, false)
		j.Result(&r, now)
	}); allocs > 0 {
		t.Errorf("a result allocates %v times", allocs)
	}
}

func TestOnlyATargetThatChangesForgetsVotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		change     func(*postgres.Watched)
		history    []string
		votes      int
		aTakesPart bool
	}{
		{"interval", func(w *postgres.Watched) { w.Interval = 20 * time.Second }, []string{"opened"}, 3, true},
		{"regions", func(w *postgres.Watched) { w.Regions = []string{"b", "c"} }, []string{"opened"}, 2, false},
		{"target", func(w *postgres.Watched) { w.TargetRevision = 2 }, []string{"opened", "resolved"}, 0, true},
		{"pause", func(w *postgres.Watched) { w.Paused = true }, []string{"opened", "resolved"}, 0, true},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", c.name, restart), func(t *testing.T) {
				t.Parallel()
				d := newMemory()
				m := watchedMonitor(1)
				d.rows[m.ID] = &postgres.JudgedMonitor{Watched: m}
				j := d.life(t, epoch)
				up(t, j, d, epoch)
				now := epoch.Add(10 * time.Second)
				for n := range 2 {
					for _, region := range names {
						r := resultAt(m.ID, region, now.Add(time.Duration(n)*time.Second), true)
						j.Result(&r, now.Add(time.Duration(n)*time.Second))
					}
					advance(t, j, now.Add(time.Duration(n)*time.Second))
				}
				now = now.Add(2 * time.Second)
				if err := j.Checkpoint(t.Context(), now, nil); err != nil {
					t.Fatal(err)
				}
				row := d.rows[m.ID]
				row.Watched.Revision = 2
				c.change(&row.Watched)
				if restart {
					j = d.life(t, now)
				} else {
					changed := d.copyOf(row)
					j.Put(&changed, now)
				}
				advance(t, j, now)
				if err := j.Checkpoint(t.Context(), now, nil); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.history, d.history); diff != "" {
					t.Errorf("history (-want +got):\n%s", diff)
				}
				if len(row.Votes) != c.votes {
					t.Errorf("%d votes are kept, want %d: %+v", len(row.Votes), c.votes, row.Votes)
				}
			})
		}
	}
}

func TestWhatIsRefusedIsReadAnew(t *testing.T) {
	t.Parallel()
	d := newMemory()
	kept, gone := watchedMonitor(1), watchedMonitor(2)
	d.rows[kept.ID], d.rows[gone.ID] = &postgres.JudgedMonitor{Watched: kept}, &postgres.JudgedMonitor{Watched: gone}
	j := d.life(t, epoch)
	up(t, j, d, epoch)
	delete(d.rows, gone.ID)
	d.rows[kept.ID].Watched.Revision, d.rows[kept.ID].Watched.TargetRevision = 2, 2
	now := epoch.Add(10 * time.Second)
	for n := range 2 {
		for _, region := range names {
			for _, id := range []uptime.ID{kept.ID, gone.ID} {
				r := resultAt(id, region, now.Add(time.Duration(n)*time.Second), true)
				j.Result(&r, now.Add(time.Duration(n)*time.Second))
			}
		}
		advance(t, j, now.Add(time.Duration(n)*time.Second))
	}
	if len(d.history) > 0 {
		t.Errorf("history is %v, want nothing of what is no more", d.history)
	}
	if _, still := j.slots[gone.ID]; still {
		t.Error("a monitor that is gone is still judged")
	}
	if m := j.table[j.slots[kept.ID]]; m.cfg.Revision != 2 {
		t.Errorf("the other is judged at revision %d, want 2", m.cfg.Revision)
	}
}

func TestABlindFleetIsToldOnceAndItsEnd(t *testing.T) {
	t.Parallel()
	d := newMemory()
	j := d.life(t, epoch)
	one, two := &monitor{}, &monitor{}
	for _, b := range []struct {
		m     *monitor
		ended bool
	}{{one, false}, {one, false}, {two, false}, {one, true}} {
		j.health.blinded(b.m, &consensus.Blind{Regions: names, Ended: b.ended})
	}
	sweep(t, j, 2)
	j.health.blinded(two, &consensus.Blind{Ended: true})
	sweep(t, j, 2)
	if len(d.troubles) != 2 || d.troubles[0].Ended || !d.troubles[1].Ended || d.troubles[0].Kind != postgres.FleetBlind {
		t.Errorf("troubles are %+v, want one and its end", d.troubles)
	}
}

func TestWhatIsToldOfBlindnessNamesNoPrivateRegion(t *testing.T) {
	t.Parallel()
	j := newMemory().life(t, epoch)
	if err := j.SetRegions(t.Context(), []unit.Region{{Name: "a", Enabled: true}, {Name: "secret-lan", Enabled: true, Private: true}}, epoch); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		regions []string
		want    string
	}{
		{[]string{"a"}, "No verdict where a would"},
		{[]string{"a", "secret-lan"}, "No verdict where a, private regions would"},
		{[]string{"secret-lan"}, "No verdict where private regions would"},
	} {
		j.health.blinded(&monitor{}, &consensus.Blind{Regions: tt.regions})
		if why := j.health.why; !strings.HasPrefix(why, tt.want) || strings.Contains(why, "secret") {
			t.Errorf("of %v it tells %q", tt.regions, why)
		}
	}
}

func sweep(t *testing.T, j *Judge, times int) {
	t.Helper()
	for range times {
		if err := j.Sweep(t.Context(), epoch.Add(time.Minute), 1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestARegionThatFailsWhatOthersPassIsSick has region a fail half of all monitors.
func TestARegionThatFailsWhatOthersPassIsSick(t *testing.T) {
	t.Parallel()
	d := newMemory()
	for i := range 250 {
		w := watchedMonitor(byte(i))
		w.ID[14] = byte(i >> 8)
		w.Interval = time.Hour
		d.rows[w.ID] = &postgres.JudgedMonitor{Watched: w}
	}
	j := d.life(t, epoch)
	up(t, j, d, epoch)
	now := epoch.Add(time.Second)
	for id := range d.rows {
		r := resultAt(id, "a", now, true)
		j.Result(&r, now)
	}
	advance(t, j, now)
	sweep(t, j, 2)
	if len(d.troubles) != 1 || d.troubles[0].Kind != postgres.FleetSick || d.troubles[0].Region != "a" || d.troubles[0].Ended {
		t.Fatalf("troubles are %+v, want region a to be sick", d.troubles)
	}
	if health := j.Health(); !health["a"].Sick || health["b"].Sick {
		t.Errorf("health is %+v, want region a sick alone", health)
	}
	again := d.life(t, now)
	again.RestoreHealth(j.Health(), false)
	if !again.Health()["a"].Sick {
		t.Error("a restart forgot that region a is sick")
	}
}
