package watchdog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/watchdog"
)

var (
	noon   = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	euWest = queue.Lane{Region: "eu-west"}
)

// reading is a lane's ledger so many seconds after noon.
func reading(after int, begun int64, l queue.Ledger) *queue.LaneStats {
	return &queue.LaneStats{Lane: euWest, At: noon.Add(time.Duration(after) * time.Second), Begun: begun, Ledger: l}
}

func TestWhatAnHourOfReadingsSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		readings []*queue.LaneStats
		want     watchdog.Hour
	}{
		{"the first reading only is where it begins", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 98, Waiting: 2}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Waiting: 2}}},
		{"what was off before the first reading is off", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 98}),
		}, watchdog.Hour{Balance: 2}},
		{"ordinary running", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 98, Waiting: 2}),
			reading(5, 1, queue.Ledger{Scheduled: 110, Done: 103, Expired: 1, Invalid: 1, Dropped: 1, Missed: 3, Waiting: 4}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{
			Scheduled: 10, Done: 5, Expired: 1, Invalid: 1, Dropped: 1, Missed: 3, Waiting: 4,
		}}},
		{"entries that somebody removed", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 90, Waiting: 10}),
			reading(5, 1, queue.Ledger{Scheduled: 100, Done: 90, Waiting: 3}),
			reading(10, 1, queue.Ledger{Scheduled: 100, Done: 93}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Done: 3}, Balance: 7}},
		{"redis without its data", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 94, Waiting: 6}),
			reading(5, 2, queue.Ledger{Scheduled: 8, Done: 7, Waiting: 1}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 8, Done: 7, Waiting: 1}, Balance: 6, Restarts: 1}},
		{"empty, and then begun again, is one restart", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 100}),
			reading(5, 0, queue.Ledger{}),
			reading(10, 2, queue.Ledger{Scheduled: 8, Done: 8}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 8, Done: 8}, Restarts: 1}},
		{"a ledger that says not yet when it began", []*queue.LaneStats{
			reading(0, 0, queue.Ledger{Scheduled: 100, Done: 100}),
			reading(5, 7, queue.Ledger{Scheduled: 104, Done: 104}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 4, Done: 4}}},
		{"the same, emptied meanwhile", []*queue.LaneStats{
			reading(0, 0, queue.Ledger{Scheduled: 100, Done: 99, Waiting: 1}),
			reading(5, 7, queue.Ledger{Scheduled: 4, Done: 4}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 4, Done: 4}, Balance: 1, Restarts: 1}},
		{"a failover to an older state loses nothing", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 90, Waiting: 10}),
			reading(5, 1, queue.Ledger{Scheduled: 96, Done: 94, Waiting: 2}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: -4, Done: 4, Waiting: 2}}},
		{"a loss is over after an hour", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 90, Waiting: 10}),
			reading(30, 1, queue.Ledger{Scheduled: 100, Done: 90}),
			reading(59*60+59, 1, queue.Ledger{Scheduled: 101, Done: 91}),
			reading(60*60, 1, queue.Ledger{Scheduled: 102, Done: 92}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 2, Done: 2}}},
		{"and not before", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{Scheduled: 100, Done: 90, Waiting: 10}),
			reading(30, 1, queue.Ledger{Scheduled: 100, Done: 90}),
			reading(59*60+59, 1, queue.Ledger{Scheduled: 101, Done: 91}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 1, Done: 1}, Balance: 10}},
		{"a clock that goes back", []*queue.LaneStats{
			reading(0, 1, queue.Ledger{}),
			reading(120, 1, queue.Ledger{Scheduled: 5, Done: 5}),
			reading(60, 1, queue.Ledger{Scheduled: 9, Done: 8, Waiting: 1}),
		}, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 9, Done: 8, Waiting: 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := watchdog.NewBook(nil, nil)
			for _, r := range tt.readings {
				b.Take(r)
			}
			if diff := cmp.Diff(tt.want, b.Hours()["eu-west"]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUrgentChecksHaveALedgerOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := watchdog.NewBook(nil, nil)
	b.Take(&queue.LaneStats{Lane: euWest, At: noon, Begun: 1})
	b.Take(&queue.LaneStats{
		Lane: euWest, At: noon, Begun: 1, Ledger: queue.Ledger{Scheduled: 3, Done: 3}, Urgent: queue.Ledger{Scheduled: 5, Done: 3, Waiting: 1},
	})
	_, minutes := b.Current()
	want := map[bool]postgres.LedgerMinute{
		false: {
			LedgerKey: postgres.LedgerKey{Region: "eu-west"}, Minute: noon, LedgerCounts: postgres.LedgerCounts{Scheduled: 3, Done: 3},
		},
		true: {
			LedgerKey: postgres.LedgerKey{Region: "eu-west", Urgent: true}, Minute: noon,
			LedgerCounts: postgres.LedgerCounts{Scheduled: 5, Done: 3, Waiting: 1}, Balance: 1,
		},
	}
	got := map[bool]postgres.LedgerMinute{}
	for _, m := range minutes {
		got[m.Urgent] = m
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if h := b.Hours()["eu-west"]; h.Balance != 1 || h.Scheduled != 3 {
		t.Errorf("the region's hour is %+v, want the schedule's counts and the balance of both", h)
	}
}

// However seldom it is read, and whoever goes on reading from what was kept: the hour
// says the same.
func TestTheHourDoesNotDependOnWhenItIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l queue.Ledger
		often, seldom := watchdog.NewBook(nil, nil), watchdog.NewBook(nil, nil)
		kept := map[postgres.LedgerKey]map[time.Time]postgres.LedgerMinute{}
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for i := range steps {
			l.Scheduled += int64(rapid.IntRange(0, 3).Draw(t, "scheduled"))
			l.Missed += int64(rapid.IntRange(0, 1).Draw(t, "missed"))
			open := l.Scheduled - l.Done - l.Expired
			l.Done += rapid.Int64Range(0, max(open, 0)).Draw(t, "done")
			open = l.Scheduled - l.Done - l.Expired
			l.Expired += rapid.Int64Range(0, max(open, 0)).Draw(t, "expired")
			l.Waiting = l.Scheduled - l.Done - l.Expired
			if rapid.IntRange(0, 20).Draw(t, "defect") == 0 {
				l.Done++ // counted twice
				l.Waiting = max(l.Waiting, 0)
			}
			now := reading(i*20, 1, l)
			often.Take(now)
			if i == 0 || i == steps-1 || rapid.Bool().Draw(t, "read") {
				seldom.Take(now)
				readings, minutes := seldom.Current()
				var all []postgres.LedgerMinute
				for _, m := range minutes {
					if kept[m.LedgerKey] == nil {
						kept[m.LedgerKey] = map[time.Time]postgres.LedgerMinute{}
					}
					kept[m.LedgerKey][m.Minute] = m
				}
				for _, byTime := range kept {
					for at := noon; !at.After(now.At); at = at.Add(time.Minute) {
						if m, ok := byTime[at]; ok {
							all = append(all, m)
						}
					}
				}
				seldom = watchdog.NewBook(readings, all)
			}
		}
		if diff := cmp.Diff(often.Hours(), seldom.Hours()); diff != "" {
			t.Errorf("(-often +seldom):\n%s", diff)
		}
	})
}

func TestLanesThatAreNoMoreAreForgotten(t *testing.T) {
	t.Parallel()
	b := watchdog.NewBook(nil, nil)
	for _, region := range []string{"eu-west", "gone"} {
		b.Take(&queue.LaneStats{Lane: queue.Lane{Region: region}, At: noon, Ledger: queue.Ledger{Scheduled: 1}})
	}
	b.Retain(func(k postgres.LedgerKey) bool { return k.Region == "eu-west" })
	if h := b.Hours(); len(h) != 1 || h["eu-west"].Balance != 1 {
		t.Errorf("kept %+v", h)
	}
	if readings, minutes := b.Current(); len(readings) != 2 || len(minutes) != 2 {
		t.Errorf("%d readings and %d minutes, want 2 each: scheduled and urgent", len(readings), len(minutes))
	}
}
