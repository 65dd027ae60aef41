package schedule_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	width                = 250 * time.Millisecond
	start uptime.Instant = 1_800_000_000_000_000
)

func genID(t *rapid.T) uptime.ID {
	return uptime.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
}

func genInterval(t *rapid.T) time.Duration {
	if rapid.Bool().Draw(t, "odd") {
		return time.Duration(rapid.IntRange(5000, 90_000_000).Draw(t, "ms")) * time.Millisecond
	}
	return time.Duration(rapid.SampledFrom([]int{5, 10, 30, 60, 180, 300, 3600, 86400}).Draw(t, "s")) * time.Second
}

func randomID(r *rand.Rand) uptime.ID {
	var id uptime.ID
	binary.LittleEndian.PutUint64(id[:], r.Uint64())
	binary.LittleEndian.PutUint64(id[8:], r.Uint64())
	return id
}

func TestEveryIntervalHasExactlyOneSlot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		interval := genInterval(t)
		regions := rapid.IntRange(1, 30).Draw(t, "regions")
		timing := schedule.TimingOf(genID(t), interval, width, rapid.IntRange(0, regions-1).Draw(t, "rank"), regions)
		from := start.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "from")))
		if n := timing.Count(from, from.Add(interval)); n < 0 || n > 2 {
			t.Fatalf("%d slots in one interval", n)
		}
		const turns = 1000
		// Rounding moves a slot by less than its width, so over many turns none is won or lost.
		if n := timing.Count(from, from.Add(turns*interval)); n < turns-1 || n > turns+1 {
			t.Fatalf("%d slots in %d intervals", n, turns)
		}
		slot := timing.Next(from)
		for range 20 {
			next := timing.Next(slot)
			if gap := next.Sub(slot); (gap-interval).Abs() >= width || next <= slot {
				t.Fatalf("slots %v apart, want %v", gap, interval)
			}
			if slot%uptime.Instant(width.Microseconds()) != 0 || slot.IsUrgent() {
				t.Fatalf("slot %d is off the grid", slot)
			}
			if timing.Last(next-1) != slot || timing.Last(next) != next || timing.Count(slot, next) != 1 || timing.Count(slot, next-1) != 0 {
				t.Fatalf("Next, Last and Count disagree around %d", slot)
			}
			slot = next
		}
	})
}

// After a year of slots a monitor is where its phase says: nothing adds up.
func TestNothingDrifts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id, interval := genID(t), genInterval(t)
		timing := schedule.TimingOf(id, interval, width, 0, 1)
		turns := int64(365 * 24 * time.Hour / interval)
		first := timing.Next(start)
		later := first.Add(time.Duration(turns) * interval)
		if off := timing.Last(later.Add(width)).Sub(later); off.Abs() > width {
			t.Fatalf("after a year it is off by %v", off)
		}
		again := schedule.TimingOf(id, interval, width, 0, 1) // after a restart
		if again.Next(later) != timing.Next(later) {
			t.Fatal("a restart changes the slots")
		}
	})
}

func TestRegionsTakeTurns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id, interval := genID(t), genInterval(t)
		regions := rapid.IntRange(2, 20).Draw(t, "regions")
		var slots []uptime.Instant
		for rank := range regions {
			slots = append(slots, schedule.TimingOf(id, interval, width, rank, regions).Next(start))
		}
		slices.Sort(slots)
		slots = append(slots, slots[0].Add(interval)) // the first region's next turn
		turn := interval / time.Duration(regions)
		for i := range regions {
			if gap := slots[i+1].Sub(slots[i]); (gap - turn).Abs() > width+time.Millisecond {
				t.Fatalf("two regions look %v apart, want %v", gap, turn)
			}
		}
	})
}

// 4,000 monitors every 30 s: no slot has much more than the mean, in any region.
func TestNoBursts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const monitors, regions, interval = 4000, 3, 30 * time.Second
	for _, made := range []string{"at random", "in one millisecond"} {
		var load [regions][int(interval / width)]int
		for range monitors {
			id := randomID(r)
			if made == "in one millisecond" {
				fresh := uptime.NewID(time.UnixMilli(1_800_000_000_000))
				copy(id[:6], fresh[:6])
			}
			for rank := range regions {
				slot := schedule.TimingOf(id, interval, width, rank, regions).Next(start)
				load[rank][int64(slot)/width.Microseconds()%int64(interval/width)]++
			}
		}
		const mean = float64(monitors) * float64(width) / float64(interval)
		for rank := range regions {
			// What falls on slots at random has a standard deviation of √mean.
			if peak := slices.Max(load[rank][:]); float64(peak) > mean+5*math.Sqrt(mean) {
				t.Errorf("ids %s, region %d: a slot has %d checks, the mean is %.0f", made, rank, peak, mean)
			}
		}
	}
}

func TestPhaseIsStable(t *testing.T) {
	t.Parallel()
	id, err := uptime.ParseID("0190b5f0-7c4e-7c2a-8f3e-0123456789ab")
	if err != nil {
		t.Fatal(err)
	}
	var got []time.Duration
	for rank := range 3 {
		got = append(got, schedule.Phase(id, time.Minute, rank, 3))
	}
	// Changing these moves every monitor of every running fleet.
	want := []time.Duration{24542 * time.Millisecond, 44542 * time.Millisecond, 4542 * time.Millisecond}
	if !slices.Equal(got, want) {
		t.Errorf("phases %v, want %v", got, want)
	}
}

// model is what a wheel should do, at the cost of looking at everything.
type model map[uint32]schedule.Timing

func (m model) due(slot uptime.Instant) []uint32 {
	var keys []uint32
	for key, timing := range m {
		if timing.Last(slot) == slot {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestWheelTakesWhatIsDue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all, in := model{}, model{}
		w := schedule.NewWheel(width, start, func(key uint32) schedule.Timing { return all[key] })
		takeOne := func() {
			var got []uint32
			at := w.Take(func(key uint32, slot uptime.Instant) {
				got = append(got, key)
				if slot != w.At() {
					t.Fatalf("slot %d is told while the wheel is at %d", slot, w.At())
				}
			})
			slices.Sort(got)
			if want := in.due(at); !slices.Equal(got, want) {
				t.Fatalf("slot %d: took %v, want %v", at, got, want)
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			key := uint32(rapid.IntRange(0, 12).Draw(t, "key"))
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1: // add, or change
				w.Remove(key)
				all[key] = schedule.TimingOf(genID(t), genInterval(t), width, 0, 1)
				in[key] = all[key]
				w.Add(key)
			case 2:
				w.Remove(key)
				delete(in, key)
			case 3:
				w.Seek(w.At().Add(time.Duration(rapid.Int64Range(-1e13, 1e13).Draw(t, "seek"))))
			case 4:
				for range rapid.IntRange(1, 6000).Draw(t, "slots") {
					takeOne()
				}
			}
			if w.Len() != len(in) || w.Has(key) != (in[key] != schedule.Timing{}) {
				t.Fatalf("the wheel holds %d monitors, %v of them %d; want %d", w.Len(), w.Has(key), key, len(in))
			}
		}
	})
}

// Over any stretch each monitor is taken as often as its timing counts.
func TestWheelTakesEverySlotOnce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	const n, slots = 500, 9000 // more than two turns of the wheel
	timings := make([]schedule.Timing, n)
	w := schedule.NewWheel(width, start, func(key uint32) schedule.Timing { return timings[key] })
	for key := range timings {
		interval := []time.Duration{5 * time.Second, time.Minute, 1234567 * time.Millisecond, time.Hour}[key%4]
		timings[key] = schedule.TimingOf(randomID(r), interval, width, key%3, 3)
		w.Add(uint32(key))
	}
	taken := make([]int64, n)
	for range slots {
		w.Take(func(key uint32, _ uptime.Instant) { taken[key]++ })
	}
	for key := range timings {
		if want := timings[key].Count(start, w.At()); taken[key] != want {
			t.Errorf("monitor %d was taken %d times, want %d", key, taken[key], want)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	const n = 1_000_000
	r := rand.New(rand.NewPCG(5, 6))
	ids := make([]uptime.ID, n)
	w := schedule.NewWheel(width, start, func(key uint32) schedule.Timing {
		return schedule.TimingOf(ids[key], 180*time.Second, width, 1, 3)
	})
	for key := range ids {
		ids[key] = randomID(r)
		w.Add(uint32(key))
	}
	b.ReportAllocs()
	due := 0
	for b.Loop() {
		w.Take(func(uint32, uptime.Instant) { due++ })
	}
	b.ReportMetric(float64(due)/float64(b.N), "due/slot")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(due), "ns/due")
}
