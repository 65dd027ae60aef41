//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

type ledger struct {
	Region    string `json:"region"`
	Scheduled int64  `json:"scheduled"`
	Done      int64  `json:"done"`
	Expired   int64  `json:"expired"`
	Invalid   int64  `json:"invalid"`
	Missed    int64  `json:"missed"`
	Waiting   int64  `json:"waiting"`
}

func (l ledger) open() int64 { return l.Scheduled - l.Done - l.Expired - l.Invalid - l.Waiting }

func ledgers(t *testing.T) []ledger {
	t.Helper()
	type overview struct {
		Regions []struct {
			ledger
			Urgent ledger `json:"urgent"`
		} `json:"regions"`
	}
	got, _ := tryCall[overview](t, http.MethodGet, "/v1/fleet")
	var out []ledger
	for _, r := range got.Regions {
		urgent := r.Urgent
		urgent.Region = r.Region + " urgent"
		out = append(out, r.ledger, urgent)
	}
	return out
}

// balanced waits until no check is unaccounted for.
func balanced(t *testing.T) {
	t.Helper()
	eventually(t, "the ledger balances", func() bool {
		all := ledgers(t)
		for _, l := range all {
			if l.open() != 0 {
				return false
			}
		}
		return len(all) > 0
	})
}

// Any one process dies in the middle of an outage and is started again: one incident,
// told once by key, and nothing needs a hand.
func TestEachProcessMayDieInAnOutage(t *testing.T) {
	// A website that is watched through all of it shows what became of the schedule.
	steady := targets.New(t, nil)
	witness := watch(t, steady.URL+"/", map[string]any{"interval_seconds": 5, "timeout_ms": 1000})
	witness.becomes(t, "up")
	var all []victim
	for _, name := range []string{
		stack.Pusher, stack.Aggregator, stack.Notifier, stack.API, stack.Worker("eu-west"), "redis", "influxdb", "postgres",
	} {
		all = append(all, newVictim(t, name))
	}
	// One recovers while the next falls.
	for _, v := range all {
		t.Run(v.process, v.dies)
	}
	for _, v := range all {
		v.site.becomes(t, "up")
		eventually(t, "the recovery is told", func() bool { return len(v.hook.with("alert.recovered")) > 0 })
		toldOnce(t, v.site, v.hook)
	}
	balanced(t)
	ticksHaveNoHoles(t, witness)
	if got := witness.incidents(t); len(got) != 0 {
		t.Errorf("the steady website has incidents: %+v", got)
	}
}

// victim is a process that is killed in an outage, and what the outage is of.
type victim struct {
	process string
	target  *targets.Server
	site    website
	hook    *inbox
}

func newVictim(t *testing.T, process string) victim {
	t.Helper()
	v := victim{process: process, target: targets.New(t, nil), hook: newHook(t, "ok")}
	v.site = watch(t, v.target.URL+"/", map[string]any{"interval_seconds": 5, "timeout_ms": 1000})
	addChannel(t, "webhook", map[string]any{"url": v.hook.url}, v.site, nil)
	v.site.becomes(t, "up")
	return v
}

// dies is the outage up to the alert, and the end of what broke the website.
func (v victim) dies(t *testing.T) {
	v.target.Set("/", targets.Status(http.StatusInternalServerError))
	seen := v.target.Requests("/")
	eventually(t, "the outage is noticed", func() bool { return v.target.Requests("/") > seen })
	pid := fleet.Pid(v.process)
	if err := fleet.Kill(v.process); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	v.site.becomes(t, "down")
	eventually(t, "the alert arrives", func() bool { return len(v.hook.with("alert.down")) > 0 })
	t.Logf("MEASURED kill of %s → alert %v", v.process, time.Since(killed).Round(10*time.Millisecond))
	v.target.Set("/", targets.Status(http.StatusOK))
	eventually(t, "it runs again", func() bool { now := fleet.Pid(v.process); return now != 0 && now != pid })
}

// toldOnce checks that there was one incident, and one key for each of its events.
func toldOnce(t *testing.T, w website, hook *inbox) {
	t.Helper()
	all := w.incidents(t)
	if len(all) != 1 {
		t.Fatalf("%d incidents, want 1: %+v", len(all), all)
	}
	keys := map[string]bool{}
	for _, m := range hook.with("alert.down") {
		keys[m.header.Get("webhook-id")] = true
	}
	if len(keys) != 1 {
		t.Errorf("the down was told under %d keys, want 1", len(keys))
	}
	events := map[string]int{}
	for _, d := range call[page[delivery]](t, http.MethodGet, "/v1/deliveries?incident_id="+all[0].ID, nil).Items {
		events[d.Event]++
	}
	if events["down"] != 1 || events["recovered"] != 1 {
		t.Errorf("deliveries %v, want one down and one recovered", events)
	}
}

// ticksHaveNoHoles checks that every slot of the website is a tick, unless its region
// counted that many as missed, expired or invalid.
func ticksHaveNoHoles(t *testing.T, w website) {
	t.Helper()
	const interval = 5 * time.Second
	type tick struct {
		Time   time.Time `json:"time"`
		Region string    `json:"region"`
		Urgent bool      `json:"urgent"`
	}
	counted := map[string]int64{}
	for _, l := range ledgers(t) {
		counted[l.Region] = l.Missed + l.Expired + l.Invalid
	}
	var holes map[string]int64
	var slots int
	eventually(t, "every slot is a tick or counted", func() bool {
		got, ok := tryCall[page[tick]](t, http.MethodGet, "/v1/monitors/"+w.Monitors[0].ID+"/ticks?limit=1000")
		if !ok {
			return false
		}
		holes, slots = map[string]int64{}, 0
		last := map[string]time.Time{}
		for _, k := range got.Items { // newest first
			if k.Urgent {
				continue
			}
			slots++
			if next, ok := last[k.Region]; ok {
				holes[k.Region] += int64(next.Sub(k.Time)/interval) - 1
			}
			last[k.Region] = k.Time
		}
		for region, n := range holes {
			if n > counted[region] {
				return false
			}
		}
		return slots > 3*len(stack.DefaultRegions())
	})
	t.Logf("%d scheduled ticks, holes %v, counted %v", slots, holes, counted)
}

// The whole fleet stops and starts again on the same data.
func TestStopAndStartAgain(t *testing.T) {
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/", map[string]any{"interval_seconds": 5})
	w.becomes(t, "up")
	site.Set("/", targets.Status(http.StatusInternalServerError))
	w.becomes(t, "down")
	names := fleet.Names()
	if err := fleet.Halt(names...); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := fleet.Again(name); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the website is there and down", func() bool { return w.now(t).Verdict == "down" })
	site.Set("/", targets.Status(http.StatusOK))
	w.becomes(t, "up")
	// A port that nobody listens at yet is one that the next test may take.
	eventually(t, "the history is there", func() bool {
		got, _ := tryCall[page[any]](t, http.MethodGet, "/v1/monitors/"+w.Monitors[0].ID+"/ticks")
		return len(got.Items) > 0
	})
	if got := w.incidents(t); len(got) != 1 || got[0].Status != "resolved" {
		t.Errorf("incidents %+v, want one, resolved", got)
	}
}
