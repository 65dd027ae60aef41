package consensus

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// epoch is when the simulations begin: a whole second, so that slots lie on the grid.
const epoch = uptime.Instant(1_800_000_000_000_000)

// world simulates a fleet around one State: the schedule, workers that answer after a
// latency, urgent checks, timers. Everything is in fleet time; nothing sleeps.
type world struct {
	t       testing.TB
	m       *Monitor
	f       *Fleet
	s       *State
	now     uptime.Instant
	queue   []event
	seq     int
	slots   []uptime.Instant // next due by region
	latency time.Duration
	// see says what a region sees of the target; the default is a pass.
	see func(region string, due uptime.Instant) uptime.Result
	// mute drops urgent answers of these regions.
	mute  map[string]bool
	delay map[string]time.Duration // more latency

	did      Actions // everything so far
	asks     []uptime.Instant
	restarts bool            // checkpoint and restore before every call
	seen     []uptime.Result // every result so far
	after    func()          // called after every Tick
	stalled  bool            // nobody folds: results pile up
	pile     []arrival
}

// arrival is a result in the stream while nobody reads it.
type arrival struct {
	at uptime.Instant
	r  uptime.Result
}

type event struct {
	at  uptime.Instant
	seq int
	do  func()
}

func newWorld(t testing.TB, interval time.Duration, regions ...string) *world {
	t.Helper()
	w := &world{
		t: t, now: epoch, s: &State{}, latency: 50 * time.Millisecond,
		mute: map[string]bool{}, delay: map[string]time.Duration{},
		m: &Monitor{
			ID: uptime.ID{1}, Revision: 1, Interval: interval, Timeout: min(interval, 10*time.Second),
			Policy: uptime.DefaultPolicy, Assigned: regions,
		},
		f: &Fleet{Regions: map[string]Region{}},
	}
	for i, r := range regions {
		w.f.Regions[r] = Region{Healthy: true, Live: true}
		phase := interval.Milliseconds() * int64(i) / int64(len(regions))
		w.slots = append(w.slots, epoch+uptime.Instant(phase*1000))
	}
	return w
}

func (w *world) at(d time.Duration) uptime.Instant { return epoch.Add(d) }

func (w *world) push(at uptime.Instant, do func()) {
	w.seq++
	w.queue = append(w.queue, event{at, w.seq, do})
}

// run lets the world go on until d after the epoch.
func (w *world) run(d time.Duration) {
	w.t.Helper()
	until := w.at(d)
	for range 1_000_000 {
		at := until
		for _, due := range w.slots {
			at = min(at, due)
		}
		for _, e := range w.queue {
			at = min(at, e.at)
		}
		if n := w.s.Next(); n != 0 && !w.stalled {
			at = min(at, max(n, w.now))
		}
		w.now = max(w.now, at)
		if w.now >= until {
			return
		}
		w.turn()
	}
	w.t.Fatal("the world does not come to rest")
}

// turn does what is due now.
func (w *world) turn() {
	for i, due := range w.slots {
		if due <= w.now {
			w.slots[i] = due.Add(w.m.Interval)
			w.check(w.m.Assigned[i], due, false)
		}
	}
	slices.SortFunc(w.queue, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq))
	})
	for len(w.queue) > 0 && w.queue[0].at <= w.now {
		e := w.queue[0]
		w.queue = w.queue[1:]
		e.do()
	}
	w.timers()
}

// timers judges if the state wants to be judged.
func (w *world) timers() {
	if n := w.s.Next(); n != 0 && n <= w.now && !w.stalled {
		w.tick()
	}
}

// catchUp folds what piled up, in event time, and the timers between the results.
func (w *world) catchUp() {
	now, pile, event := w.now, w.pile, uptime.Instant(0)
	w.stalled, w.pile, w.f.CatchUp = false, nil, true
	for _, a := range pile {
		for n := w.s.Next(); n > max(event, atOnce) && n < a.at; n = w.s.Next() {
			w.now = n
			w.tick()
		}
		event = a.at
		w.now = a.at
		w.result(a.r)
		w.timers()
	}
	w.now, w.f.CatchUp = now, false
	w.timers()
}

// check runs one check in a region, if it has a live worker.
func (w *world) check(region string, due uptime.Instant, urgent bool) {
	if !w.f.Regions[region].Live || urgent && w.mute[region] {
		return
	}
	r := uptime.Result{Outcome: uptime.OutcomePass, Code: 200}
	if w.see != nil {
		r = w.see(region, due)
	}
	r.Monitor, r.Revision, r.Region, r.Due, r.Started = w.m.ID, w.m.Revision, region, due, w.now
	if r.Outcome == uptime.OutcomeNone {
		r.Outcome = uptime.OutcomePass
	}
	if !urgent {
		r.Canary = uptime.CanaryNone
	}
	if r.Phases.Total == 0 {
		r.Phases.Total = w.latency
	}
	w.push(w.now.Add(r.Phases.Total+w.delay[region]), func() { w.result(r) })
}

func (w *world) result(r uptime.Result) {
	if w.stalled {
		w.pile = append(w.pile, arrival{w.now, r})
		return
	}
	w.reload()
	w.seen = append(w.seen, r)
	var out Actions
	w.s.Result(w.m, &r, w.now, &out)
	w.take(&out)
}

func (w *world) tick() {
	w.reload()
	var out Actions
	w.s.Tick(w.m, w.f, w.now, &out)
	w.take(&out)
	w.sound()
	if w.after != nil {
		w.after()
	}
}

// sound fails where a state contradicts itself after a judgement.
func (w *world) sound() {
	w.t.Helper()
	v := w.verdict()
	if open := w.s.Incident() != 0; open && (v == uptime.VerdictUp || v == uptime.VerdictDegraded) || !open && v == uptime.VerdictDown {
		w.t.Fatalf("verdict %v at %v with incident %v", v, w.now.Sub(epoch), w.s.Incident())
	}
	if got, _ := w.s.Advisory(); len(got) > 0 && v != uptime.VerdictUp && v != uptime.VerdictDegraded {
		w.t.Fatalf("advisory %v while %v", got, v)
	}
	if w.s.Blind() && v != uptime.VerdictUnknown {
		w.t.Fatalf("blind while %v", v)
	}
	if tr := w.s.tr; tr != nil && tr.round.phase == planned && tr.round.start <= w.now {
		w.t.Fatalf("a round planned for %v has not begun", w.now.Sub(tr.round.start))
	}
}

func (w *world) configure() {
	var out Actions
	w.s.Configure(w.m, w.f, w.now, &out)
	w.take(&out)
}

func (w *world) reload() {
	if w.restarts {
		w.s = reborn(w.t, w.s)
	}
}

// reborn is the state after a checkpoint and a restart.
func reborn(t testing.TB, s *State) *State {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var n State
	if err := json.Unmarshal(b, &n); err != nil {
		t.Fatalf("restore %s: %v", b, err)
	}
	return &n
}

// take records the actions and sends out what they ask for.
func (w *world) take(out *Actions) {
	w.did.Votes = append(w.did.Votes, out.Votes...)
	w.did.Verdicts = append(w.did.Verdicts, out.Verdicts...)
	w.did.Rechecks = append(w.did.Rechecks, out.Rechecks...)
	w.did.Opened = append(w.did.Opened, out.Opened...)
	w.did.Resolved = append(w.did.Resolved, out.Resolved...)
	w.did.Advisories = append(w.did.Advisories, out.Advisories...)
	w.did.Blinds = append(w.did.Blinds, out.Blinds...)
	for _, ask := range out.Rechecks {
		w.asks = append(w.asks, w.now)
		for _, region := range ask.Regions {
			due := uptime.UrgentDue(ask.At, uptime.ID{byte(ask.Round), region[0]})
			w.push(w.now.Add(20*time.Millisecond), func() { w.check(region, due, true) })
		}
	}
}

func (w *world) verdict() uptime.Verdict {
	v, _ := w.s.Verdict()
	return v
}

// wantVerdict fails unless the verdict is v.
func (w *world) wantVerdict(v uptime.Verdict) {
	w.t.Helper()
	if got := w.verdict(); got != v {
		w.t.Fatalf("verdict %v at %v, want %v: %s", got, w.now.Sub(epoch), v, w.s.Explain(w.m, w.f, w.now))
	}
}

// wantIncidents fails unless so many were opened and resolved so far.
func (w *world) wantIncidents(opened, resolved int) {
	w.t.Helper()
	if len(w.did.Opened) != opened || len(w.did.Resolved) != resolved {
		w.t.Fatalf("%d opened, %d resolved at %v, want %d and %d\nverdicts %+v", len(w.did.Opened), len(w.did.Resolved),
			w.now.Sub(epoch), opened, resolved, w.did.Verdicts)
	}
}

// The results that regions see.
func status(code int) uptime.Result {
	return uptime.Result{Outcome: uptime.OutcomeFail, Reason: uptime.ReasonStatus, Code: code, IP: "192.0.2.1", Detail: "status"}
}

func netFail(canary uptime.CanaryState, site string) uptime.Result {
	return uptime.Result{
		Outcome: uptime.OutcomeFail, Reason: uptime.ReasonConnectTimeout, Canary: canary, Site: site,
		Phases: uptime.Phases{Total: time.Second},
	}
}

func passing(canary uptime.CanaryState, site string) uptime.Result {
	return uptime.Result{Outcome: uptime.OutcomePass, Code: 200, Canary: canary, Site: site}
}

// during sees r between two moments after the epoch and a pass otherwise.
func during(from, to time.Duration, r uptime.Result, only ...string) func(string, uptime.Instant) uptime.Result {
	return func(region string, due uptime.Instant) uptime.Result {
		if d := due.Sub(epoch); d >= from && d < to && (len(only) == 0 || slices.Contains(only, region)) {
			return r
		}
		return uptime.Result{Outcome: uptime.OutcomePass, Code: 200, Canary: r.Canary, Site: r.Site}
	}
}

const forever = 1000 * time.Hour
