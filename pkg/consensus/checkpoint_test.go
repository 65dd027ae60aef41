package consensus

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// troubled is a state with everything in it: an advisory, then a round under way.
func troubled(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.see = func(region string, due uptime.Instant) uptime.Result {
		d := due.Sub(epoch)
		if region == "a" && d >= time.Minute || d >= 2*time.Minute {
			return netFail(passed, "box")
		}
		return passing(passed, "box")
	}
	w.run(2*time.Minute + 4500*time.Millisecond)
	return w
}

func TestCheckpointKeepsEverything(t *testing.T) {
	t.Parallel()
	w := troubled(t)
	if w.s.tr == nil || w.s.tr.round.phase != running {
		t.Fatal("the test wants a round under way")
	}
	s := reborn(t, w.s)
	opt := cmp.AllowUnexported(State{}, vote{}, trouble{}, round{}, note{}, flaps{})
	if d := cmp.Diff(w.s, s, opt); d != "" {
		t.Error(d)
	}
	var empty State
	if d := cmp.Diff(&empty, reborn(t, &empty), opt, cmp.Comparer(func(a, b []vote) bool {
		return len(a) == len(b)
	})); d != "" {
		t.Error(d)
	}
}

func TestRestoreEmptyObject(t *testing.T) {
	t.Parallel()
	s := troubled(t).s
	if err := json.Unmarshal([]byte("{}"), s); err != nil {
		t.Fatal(err)
	}
	if v, _ := s.Verdict(); v != uptime.VerdictUnknown || s.tr != nil {
		t.Error("the column's default does not restore to a monitor that nobody looked at")
	}
}

func TestDamagedCheckpoint(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(troubled(t).s)
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string][2]string{
		"not JSON":           {`{`, `[`},
		"newer version":      {`"v":1`, `"v":2`},
		"too few votes":      {`"votes":[[`, `"votes":[],"x":[[`},
		"regions unsorted":   {`["a","b","c"]`, `["b","a","c"]`},
		"regions twice":      {`["a","b","c"]`, `["a","a","c"]`},
		"region missing":     {`["a","b","c"]`, `["a","b"]`},
		"note missing":       {`"notes":[{`, `"notes":[],"x":[{`},
		"unknown phase":      {`"phase":2`, `"phase":9`},
		"unknown verdict":    {`"verdict":"up"`, `"verdict":"fine"`},
		"member out of set":  {`"advised":[0]`, `"advised":[3]`},
		"negative member":    {`"advised":[0]`, `"advised":[-1]`},
		"member beyond all":  {`"advised":[0]`, `"advised":[256]`},
		"negative instant":   {`"since":1`, `"since":-1`},
		"instant beyond all": {`"since":1`, `"since":999`},
	}
	for name, d := range damage {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := strings.Replace(string(good), d[0], d[1], 1)
			if bad == string(good) {
				t.Fatalf("%q does not occur in %s", d[0], good)
			}
			s := troubled(t).s
			err := json.Unmarshal([]byte(bad), s)
			if err == nil {
				t.Fatalf("restored %s", bad)
			}
			if name != "not JSON" && !errors.Is(err, ErrCheckpoint) {
				t.Errorf("error %v", err)
			}
			if after, _ := json.Marshal(s); string(after) != string(good) {
				t.Error("a damaged checkpoint changed the state")
			}
		})
	}
}

// Whatever is restored: it either fails, or the state works and saves to what it was.
func FuzzRestore(f *testing.F) {
	w := troubled(f)
	good, err := json.Marshal(w.s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	w.run(4 * time.Minute)
	down, _ := json.Marshal(w.s)
	f.Add(down)
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"v":1,"regions":["a"],"votes":[[0,0,0,0,0,0]]}`))
	f.Add([]byte(`{"v":1,"regions":["a"],"votes":[[9,8,7,6,5,3]],"opened":5,"trouble":{"notes":[{}],"phase":1}}`))
	m, fleet := w.m, w.f
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		if json.Unmarshal(b, &s) != nil {
			return
		}
		one, err := json.Marshal(&s)
		if err != nil {
			t.Fatal(err)
		}
		two, err := json.Marshal(reborn(t, &s))
		if err != nil || string(one) != string(two) {
			t.Fatalf("%v: saved as %s, then as %s", err, one, two)
		}
		var out Actions
		now := epoch
		for range 5 {
			s.Configure(m, fleet, now, &out)
			r := netFail(passed, "box")
			r.Monitor, r.Revision, r.Region, r.Due = m.ID, m.Revision, "b", now
			s.Result(m, &r, now, &out)
			s.Tick(m, fleet, now, &out)
			s.Votes(m, fleet, now)
			_ = s.Explain(m, fleet, now)
			now = now.Add(7 * time.Second)
		}
		reborn(t, &s)
	})
}
