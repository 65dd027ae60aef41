package roster

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

const (
	width                = 250 * time.Millisecond
	start uptime.Instant = 1_800_000_000_000_000
)

func regionsOf(enabled ...string) []uptime.Region {
	regions := []uptime.Region{{Name: "pending"}}
	for _, name := range enabled {
		regions = append(regions, uptime.Region{Name: name, Enabled: true})
	}
	return regions
}

func monitorOf(n int, interval time.Duration, regions ...string) uptime.Monitor {
	return uptime.Monitor{
		ID: uptime.ID{0: 1, 14: byte(n >> 8), 15: byte(n)}, Revision: 1, Kind: uptime.KindHTTP,
		Target: fmt.Sprintf("http://target-%d.test/", n), Settings: []byte(`{"method":"GET"}`),
		Interval: interval, Timeout: 10 * time.Second, Regions: regions,
	}
}

func newTestShard(t testing.TB, enabled ...string) *Shard {
	t.Helper()
	s := newShard(width)
	s.setRegions(regionsOf(enabled...))
	for _, region := range enabled {
		s.Seek(region, start)
	}
	return s
}

func (s *Shard) put(m uptime.Monitor) change { return s.set(&m, string(encode(&m))) }

// taken decodes what a region is told in the next slots.
func taken(t testing.TB, s *Shard, region string, slots int, now func(slot uptime.Instant) uptime.Instant) (checks []uptime.Check, missed int64) {
	t.Helper()
	at := s.lanes[region].wheel.At()
	for range slots {
		at = at.Add(width)
		_, lost, ok := s.Take(region, now(at), func(message []byte) {
			c, err := wire.DecodeCheck(message, region)
			if err != nil {
				t.Fatal(err)
			}
			checks = append(checks, c)
		})
		if !ok {
			t.Fatalf("region %s is gone", region)
		}
		missed += lost
	}
	return checks, missed
}

func onTime(slot uptime.Instant) uptime.Instant { return slot.Add(3 * time.Millisecond) }

func TestMessagesAreTheMonitorsChecks(t *testing.T) {
	t.Parallel()
	s := newTestShard(t, "ap", "eu", "us")
	m := monitorOf(7, 30*time.Second)
	s.put(m)
	for rank, region := range []string{"ap", "eu", "us"} {
		checks, missed := taken(t, s, region, 240, onTime)
		timing := schedule.TimingOf(m.ID, m.Interval, width, rank, 3)
		first := timing.Next(start)
		want := []uptime.Check{m.Check(region, first), m.Check(region, timing.Next(first))}
		if diff := cmp.Diff(want, checks); diff != "" || missed != 0 {
			t.Errorf("%s: missed %d, checks of a minute (-want +got):\n%s", region, missed, diff)
		}
	}
}

func TestOnlyAssignedRegionsLook(t *testing.T) {
	t.Parallel()
	s := newTestShard(t, "eu", "us")
	s.put(monitorOf(1, 30*time.Second, "us", "pending", "nowhere"))
	s.put(monitorOf(2, 30*time.Second))
	s.put(monitorOf(3, 30*time.Second, "nowhere"))
	paused := monitorOf(4, 30*time.Second)
	paused.Paused = true
	s.put(paused)
	for region, want := range map[string][]int{"eu": {2}, "us": {1, 2}} {
		checks, _ := taken(t, s, region, 120, onTime)
		var got []int
		for _, c := range checks {
			got = append(got, int(c.Monitor[15]))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s looks at %v, want %v", region, got, want)
		}
	}
	if _, _, ok := s.Take("pending", start, func([]byte) {}); ok {
		t.Error("a region that is not enabled has a schedule")
	}
	if rate := s.Rate("us"); rate < 2./30-1e-9 || rate > 2./30+1e-9 {
		t.Errorf("rate %v, want 2 in 30 s", rate)
	}
}

func TestChangesSayWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	both, other := []string{"eu", "us"}, monitorOf(1, time.Minute)
	other.Target, other.Revision = "http://other.test/", 2
	paused := monitorOf(1, time.Minute)
	paused.Paused, paused.Revision = true, 3
	stale := monitorOf(1, time.Hour)
	oneRegion := monitorOf(1, time.Minute, "us")
	oneRegion.Revision = 5
	steps := []struct {
		name string
		do   func(s *Shard) change
		want change
	}{
		{"new", func(s *Shard) change { return s.put(monitorOf(1, time.Minute)) }, change{differs: true, added: true, check: true}},
		{"the same", func(s *Shard) change { return s.put(monitorOf(1, time.Minute)) }, change{}},
		{"another target", func(s *Shard) change { return s.put(other) }, change{differs: true, check: true}},
		{"read before that", func(s *Shard) change { return s.put(stale) }, change{}},
		{"paused", func(s *Shard) change { return s.put(paused) }, change{differs: true, drop: both}},
		{"resumed", func(s *Shard) change {
			m := monitorOf(1, time.Minute)
			m.Revision = 4
			return s.put(m)
		}, change{differs: true, check: true}},
		{"fewer regions", func(s *Shard) change { return s.put(oneRegion) }, change{differs: true, check: true, drop: []string{"eu"}}},
		{"removed", func(s *Shard) change { return s.remove(other.ID) }, change{differs: true, drop: []string{"us"}}},
		{"removed again", func(s *Shard) change { return s.remove(other.ID) }, change{}},
	}
	s := newTestShard(t, both...)
	for _, step := range steps {
		got := step.do(s)
		if diff := cmp.Diff(step.want, got, cmp.AllowUnexported(change{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	if checks, _ := taken(t, s, "us", 1000, onTime); len(checks) != 0 || s.Len() != 0 {
		t.Errorf("%d checks of a removed monitor, %d monitors", len(checks), s.Len())
	}
}

func TestAfterAStallOnlyTheNewestSlotIsWorthACheck(t *testing.T) {
	t.Parallel()
	s := newTestShard(t, "eu")
	s.put(monitorOf(1, 5*time.Second))
	s.put(monitorOf(2, 20*time.Second))
	s.put(monitorOf(3, 10*time.Minute))
	stalled := start.Add(30 * time.Second)
	checks, missed := taken(t, s, "eu", 120, func(uptime.Instant) uptime.Instant { return stalled })
	slots := int64(0)
	for n, interval := range map[int]time.Duration{1: 5 * time.Second, 2: 20 * time.Second, 3: 10 * time.Minute} {
		m := monitorOf(n, interval)
		timing := schedule.TimingOf(m.ID, interval, width, 0, 1)
		slots += timing.Count(start, stalled)
		last := timing.Last(stalled)
		want := 1
		if last <= start || last.Add(min(interval, time.Minute)) <= stalled {
			want = 0
		}
		got := 0
		for _, c := range checks {
			if c.Monitor == m.ID {
				got++
				if c.Due != last {
					t.Errorf("monitor %d: the check is due %v before the newest slot", n, last.Sub(c.Due))
				}
			}
		}
		if got != want {
			t.Errorf("monitor %d: %d checks, want %d", n, got, want)
		}
	}
	if missed+int64(len(checks)) != slots {
		t.Errorf("%d missed and %d sent of %d slots", missed, len(checks), slots)
	}
}

func TestSkippingCountsWhatItSkips(t *testing.T) {
	t.Parallel()
	s := newTestShard(t, "eu", "us")
	var want int64
	to := start.Add(3 * time.Hour)
	for n := range 50 {
		m := monitorOf(n+1, time.Duration(5+n*7)*time.Second)
		s.put(m)
		want += schedule.TimingOf(m.ID, m.Interval, width, 1, 2).Count(start, to)
	}
	if got := s.Skip("us", to); got != want {
		t.Errorf("skipped %d, want %d", got, want)
	}
	if at := s.lanes["us"].wheel.At(); at != to {
		t.Errorf("at %d, want %d", at, to)
	}
	if at := s.lanes["eu"].wheel.At(); at != start {
		t.Error("the other region moved, too")
	}
}

// Regions that come and go change ranks, and with them phases; nobody is lost or
// looked at twice by it.
func TestRegionsComeAndGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newTestShard(t, "a", "b")
		sets := [][]string{nil, {"a"}, {"b", "c"}, {"a", "b", "c"}}
		type state struct{ m uptime.Monitor }
		all := map[int]state{}
		enabled := []string{"a", "b"}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			n := rapid.IntRange(1, 10).Draw(rt, "monitor")
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0, 1:
				m := monitorOf(n, time.Duration(rapid.IntRange(5, 40).Draw(rt, "s"))*time.Second,
					rapid.SampledFrom(sets).Draw(rt, "regions")...)
				m.Revision = all[n].m.Revision + 1
				m.Paused = rapid.Bool().Draw(rt, "paused")
				all[n] = state{m}
				s.put(m)
			case 2:
				s.remove(monitorOf(n, time.Minute).ID)
				delete(all, n)
			case 3:
				enabled = rapid.SampledFrom([][]string{{}, {"a"}, {"a", "b"}, {"b", "c"}, {"a", "b", "c"}}).Draw(rt, "enabled")
				s.setRegions(regionsOf(enabled...))
				for _, region := range enabled {
					s.Seek(region, start)
				}
			}
		}
		for _, region := range enabled {
			s.Seek(region, start)
			checks, _ := taken(t, s, region, 200, onTime)
			got := map[uptime.ID][]uptime.Instant{}
			for _, c := range checks {
				got[c.Monitor] = append(got[c.Monitor], c.Due)
			}
			want := map[uptime.ID][]uptime.Instant{}
			for _, st := range all {
				names := st.m.Assigned(regionsOf(enabled...))
				rank := slices.Index(names, region)
				if st.m.Paused || rank < 0 {
					continue
				}
				timing := schedule.TimingOf(st.m.ID, st.m.Interval, width, rank, len(names))
				for due := timing.Next(start); due <= start.Add(200*width); due = timing.Next(due) {
					want[st.m.ID] = append(want[st.m.ID], due)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("region %s (-want +got):\n%s", region, diff)
			}
		}
		if s.Len() != len(all) {
			rt.Fatalf("%d monitors, want %d", s.Len(), len(all))
		}
	})
}

func TestReadingNotesWhatIsGone(t *testing.T) {
	t.Parallel()
	s := newTestShard(t, "eu")
	for n := range 200 {
		s.put(monitorOf(n, time.Minute))
	}
	s.beginRead()
	for n := 50; n < 300; n++ { // 100 new ones
		s.put(monitorOf(n, time.Minute))
	}
	gone := s.endRead()
	if len(gone) != 50 {
		t.Errorf("%d were not seen, want 50", len(gone))
	}
	for _, id := range gone {
		if id[15] >= 50 {
			t.Errorf("monitor %d was seen", id[15])
		}
	}
}

// A million monitors in three regions: what a pusher of the largest size holds.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	s := newShard(width)
	regions := []string{"ap", "eu", "us"}
	s.setRegions(regionsOf(regions...))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	page := make([]uptime.Monitor, 0, packMost)
	for i := range n {
		m := monitorOf(i, 180*time.Second)
		m.ID = uptime.NewID(time.UnixMilli(1_800_000_000_000))
		page = append(page, m)
		if len(page) == packMost {
			for j, template := range pack(page) {
				s.set(&page[j], template)
			}
			page = page[:0]
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for _, region := range regions {
		s.Seek(region, start)
	}
	b.ResetTimer()
	b.ReportAllocs()
	now, told, bytes := start, 0, 0
	for b.Loop() { // one slot of three regions
		now = now.Add(width)
		for _, region := range regions {
			s.Take(region, now, func(message []byte) { told++; bytes += len(message) })
		}
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	b.ReportMetric(float64(told)/float64(b.N), "checks/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(told), "ns/check")
	b.ReportMetric(float64(bytes)/float64(told), "B/check")
	runtime.KeepAlive(s)
}
