package tally_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

const goesOn = -1000

func later(minute int) int {
	if minute == goesOn {
		return -1
	}
	return 200 + minute
}

func TestSlots(t *testing.T) {
	t.Parallel()
	// Six slots of ten minutes; it is the 57th minute. What began before has a minute below
	// zero, what goes on ends with goesOn.
	span := func(monitor byte, from, to int, v uptime.Verdict) tally.Span {
		return span(monitor, 200+from, later(to), v)
	}
	tests := []struct {
		name    string
		spans   []tally.Span
		failing [][2]int
		want    string
	}{
		{"never judged", nil, nil, "------"},
		{"up for long", []tally.Span{span(1, -60, goesOn, up)}, nil, "uuuuuu"},
		{"began in the third slot", []tally.Span{span(1, 25, goesOn, up)}, nil, "--uuuu"},
		{"began with a slot", []tally.Span{span(1, 20, goesOn, up)}, nil, "--uuuu"},
		{"down for a minute", []tally.Span{span(1, 0, 21, up), span(1, 21, 22, down), span(1, 22, goesOn, up)}, nil, "uuxuuu"},
		{"down to the end of a slot is not down in the next", []tally.Span{span(1, 0, 10, down), span(1, 10, goesOn, up)}, nil, "xuuuuu"},
		{"the worst of a slot", []tally.Span{span(1, 0, 41, up), span(1, 41, 43, unknown), span(1, 43, 45, degraded), span(1, 45, goesOn, up)}, nil, "uuuudu"},
		{"paused for a while", []tally.Span{span(1, 0, 12, up), span(1, 38, goesOn, up)}, nil, "uuzuuu"},
		{"paused now", []tally.Span{span(1, 0, 12, up)}, nil, "uuzzzz"},
		{"paused since before the slots", []tally.Span{span(1, -100, -90, up)}, nil, "zzzzzz"},
		{"unknown is not up", []tally.Span{span(1, 0, 30, unknown), span(1, 30, goesOn, up)}, nil, "nnnuuu"},
		{"one region failed", []tally.Span{span(1, 0, goesOn, up)}, [][2]int{{15, 16}, {44, goesOn}}, "upuupp"},
		{"a failing region of what is down", []tally.Span{span(1, 0, 30, down), span(1, 30, goesOn, up)}, [][2]int{{0, 30}}, "xxxuuu"},
		{"partly down is worse than unknown", []tally.Span{span(1, 0, goesOn, unknown)}, [][2]int{{0, 5}}, "pnnnnn"},
		{"two monitors", []tally.Span{span(1, 0, goesOn, up), span(2, 30, 40, down)}, nil, "uuuxuu"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			line := tally.Merge(tt.spans, at(200), at(257))
			var failing []tally.Between
			for _, f := range tt.failing {
				failing = append(failing, tally.Between{From: at(200 + f[0]), To: at(later(f[1]))})
			}
			if diff := cmp.Diff(tt.want, tally.Slots(line, failing, tally.Begun(tt.spans), at(260), 10*time.Minute, 6)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnOpenVerdictHoldsAtTheVeryBeginningOfASlot(t *testing.T) {
	t.Parallel()
	line := tally.Merge([]tally.Span{span(1, 0, -1, up)}, at(0), at(50))
	if got := tally.Slots(line, nil, at(0), tally.SlotsEnd(at(50), 10*time.Minute), 10*time.Minute, 3); got != "uuu" {
		t.Errorf("%q at the moment that a slot begins", got)
	}
}

func TestSlotsEnd(t *testing.T) {
	t.Parallel()
	for width, want := range map[time.Duration]string{
		time.Minute: "2026-03-29T10:18:00Z", 16 * time.Minute: "2026-03-29T10:24:00Z", time.Hour: "2026-03-29T11:00:00Z", 24 * time.Hour: "2026-03-30T00:00:00Z",
	} {
		got := tally.SlotsEnd(time.Date(2026, 3, 29, 10, 17, 30, 0, time.UTC), width)
		if got.Format(time.RFC3339) != want {
			t.Errorf("slots of %s end at %s, want %s", width, got.Format(time.RFC3339), want)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	line := tally.Merge([]tally.Span{span(1, 0, 10, up), span(1, 10, 20, down), span(1, 20, -1, up)}, at(0), at(30))
	sum := tally.Add(tally.Within(line, at(5), at(15)), at(5), at(15))
	if sum.Up != 5*time.Minute || sum.Down != 5*time.Minute || sum.Unmonitored != 0 {
		t.Errorf("within ten minutes: %+v", sum)
	}
	if got := tally.Within(line, at(25), at(30)); len(got) != 1 || !got[0].Open {
		t.Errorf("the end of a line that goes on: %+v", got)
	}
	if got := tally.Within(line, at(22), at(25)); len(got) != 1 || got[0].Open {
		t.Errorf("a part that ends before the line does goes on: %+v", got)
	}
}
