package chaos

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHolesAreSlotsOfTheGridWithoutTick(t *testing.T) {
	t.Parallel()
	at := func(s float64) time.Time { return time.UnixMilli(int64(1_000_000 + 1000*s)) }
	full, gap, none := seriesKey{"a", "eu"}, seriesKey{"b", "eu"}, seriesKey{"c", "us"}
	ticks := map[seriesKey][]int64{
		full: {at(-3).UnixMilli(), at(2).UnixMilli(), at(7).UnixMilli(), at(12).UnixMilli()},
		gap:  {at(-6).UnixMilli(), at(9).UnixMilli()}, // the grid has -1, 4, 9, 14
	}
	got := holes([]seriesKey{full, gap, none}, ticks, 5*time.Second, at(0), at(14))
	if diff := cmp.Diff(map[string]int64{"eu": 2, "us": 2}, got); diff != "" {
		t.Errorf("holes (-want +got):\n%s", diff)
	}
}

func TestAlertsAreCountedByTheirKeys(t *testing.T) {
	t.Parallel()
	got := []told{
		{key: "k1", event: "down", website: "a"}, {key: "k1", event: "down", website: "a"}, // sent again
		{key: "k2", event: "recovered", website: "a"},
		{key: "k3", event: "recovered", website: "b", combined: true},                      // tells both
		{key: "k4", event: "down", website: "c"}, {key: "k5", event: "down", website: "c"}, // told twice
	}
	want := Figures{Alerts: 8, Lost: 3, Twice: 1, Again: 1}
	if diff := cmp.Diff(want, alerts([]string{"a", "b", "c", "d"}, got)); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
}

func TestALedgerThatWasEmptiedBeginsAnew(t *testing.T) {
	t.Parallel()
	base := Slots{Scheduled: 100, Done: 90, Missed: 3}
	if got := (Slots{Scheduled: 120, Done: 108, Missed: 4}).since(base); got != (Slots{Scheduled: 20, Done: 18, Missed: 1}) {
		t.Errorf("grown: %+v", got)
	}
	if got := (Slots{Scheduled: 7, Done: 6, Missed: 1}).since(base); got != (Slots{Scheduled: 7, Done: 6, Missed: 1}) {
		t.Errorf("emptied: %+v", got)
	}
}

func TestEachBrokenPromiseIsNamed(t *testing.T) {
	t.Parallel()
	kept := Figures{Recovered: true, Holes: 5, Again: 2, Checks: []Check{{What: "fine", OK: true}}}
	if got := kept.Broken(); got != nil {
		t.Errorf("broken %v, want none", got)
	}
	f := Figures{
		Slots: Slots{Balance: 1}, Beyond: 1, Unseen: 1, Duplicates: 1, False: 1, Lost: 1, Twice: 1,
		Checks: []Check{{What: "state", Got: "odd"}},
	}
	if got := f.Broken(); len(got) != 9 {
		t.Errorf("broken %q, want nine", got)
	}
}
