package consensus

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestWilsonLower(t *testing.T) {
	t.Parallel()
	tests := []struct {
		failed, n int
		want      float64
	}{
		{0, 0, 0}, {0, 100, 0}, {50, 100, 0.4038}, {100, 100, 0.9630}, {1, 1, 0.2065}, {30, 200, 0.1072},
	}
	for _, tt := range tests {
		if got := WilsonLower(tt.failed, tt.n); math.Abs(got-tt.want) > 0.0001 {
			t.Errorf("WilsonLower(%d, %d) = %.4f, want %.4f", tt.failed, tt.n, got, tt.want)
		}
	}
}

// observe feeds windows of one kind and tells after how many of them it changed.
func observe(d *SickDetector, w Window, times int) int {
	for i := range times {
		if d.Observe(w) {
			return i + 1
		}
	}
	return 0
}

func TestSickDetector(t *testing.T) {
	t.Parallel()
	healthy, bad := Window{Samples: 400, Failed: 4}, Window{Samples: 400, Failed: 120}
	t.Run("falls sick and comes back", func(t *testing.T) {
		t.Parallel()
		var d SickDetector
		if n := observe(&d, healthy, 50); n != 0 || d.Sick {
			t.Fatal("sick in health")
		}
		if n := observe(&d, bad, 1); n != 1 || !d.Sick {
			t.Fatal("30 % of 400 against 1 % is not sick")
		}
		normal := d.Normal
		if n := observe(&d, bad, 100); n != 0 || d.Normal != normal {
			t.Fatal("a long illness becomes the normal")
		}
		if n := observe(&d, healthy, 2); n != 0 {
			t.Fatal("well too early")
		}
		if n := observe(&d, bad, 1); n != 0 {
			t.Fatal("changed by a relapse")
		}
		if n := observe(&d, healthy, 10); n != CleanWindows || d.Sick {
			t.Fatalf("well after %d windows, want %d", n, CleanWindows)
		}
	})
	t.Run("its own normal", func(t *testing.T) {
		t.Parallel()
		blocked := Window{Samples: 400, Failed: 80} // a country that blocks a fifth
		var d SickDetector
		if n := observe(&d, blocked, 100); n != 0 {
			t.Fatal("its normal makes it sick")
		}
		if n := observe(&d, Window{Samples: 400, Failed: 240}, 1); n != 1 {
			t.Fatal("60 % against 20 % is not sick")
		}
	})
	t.Run("from the start", func(t *testing.T) {
		t.Parallel()
		var d SickDetector
		if n := observe(&d, Window{Samples: 400, Failed: 390}, 1); n != 1 {
			t.Fatal("a region that fails everything from the start is not sick")
		}
	})
	t.Run("few samples add up", func(t *testing.T) {
		t.Parallel()
		var d SickDetector
		observe(&d, healthy, 20)
		if n := observe(&d, Window{Samples: 50, Failed: 25}, 10); n != 4 {
			t.Fatalf("judged after %d windows of 50, want 4", n)
		}
	})
	t.Run("one target is not the region", func(t *testing.T) {
		t.Parallel()
		var d SickDetector
		observe(&d, Window{Samples: 10}, 1000)
		if n := observe(&d, Window{Samples: 10, Failed: 4}, 1000); n != 0 {
			t.Fatal("four targets make a region sick")
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		t.Parallel()
		var d SickDetector
		for _, w := range []Window{{}, {Samples: -5}, {Samples: 5, Failed: 6}, {Samples: 5, Failed: -1}} {
			d.Observe(w)
		}
		if d != (SickDetector{}) {
			t.Errorf("%+v", d)
		}
	})
}

func TestSickDetectorRestarts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var one, two SickDetector
		for range rapid.IntRange(0, 60).Draw(t, "windows") {
			n := rapid.IntRange(0, 500).Draw(t, "samples")
			w := Window{Samples: n, Failed: rapid.IntRange(0, n).Draw(t, "failed")}
			a := one.Observe(w)
			b, err := json.Marshal(two)
			if err != nil {
				t.Fatal(err)
			}
			var back SickDetector
			if err := json.Unmarshal(b, &back); err != nil {
				t.Fatal(err)
			}
			if two = back; a != two.Observe(w) || one != two {
				t.Fatalf("%+v and %+v", one, two)
			}
		}
	})
}

func TestAllSickRegionsSampleEachOther(t *testing.T) {
	t.Parallel()
	ms, ss, f := steady(1)
	for name := range f.Regions {
		f.Regions[name] = Region{Live: true} // sick
	}
	n := 0
	ss[0].Dissent(ms[0], f, epoch, func(string, bool) { n++ })
	if n != 3 {
		t.Errorf("%d samples of three sick regions that pass: they stay sick for ever", n)
	}
}
