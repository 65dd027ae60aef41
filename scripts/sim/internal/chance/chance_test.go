package chance

import (
	"math"
	"testing"
	"time"
)

// Each draw has the mean that it promises; the bound is five standard errors wide.
func TestDrawsHaveTheirMeans(t *testing.T) {
	t.Parallel()
	const n = 200_000
	s := Key(7).Stream()
	tests := []struct {
		name        string
		draw        func() float64
		mean, sigma float64
	}{
		{"uniform", s.Uniform, 0.5, math.Sqrt(1.0 / 12)},
		{"exponential", func() float64 { return s.Exponential(time.Hour).Hours() }, 1, 1},
		{"geometric", func() float64 { return float64(s.Geometric(0.01)) }, 99, 99.5},
		{"spread", func() float64 { return math.Log(s.Spread(time.Second, time.Hour).Seconds()) }, math.Log(3600) / 2, math.Log(3600) / math.Sqrt(12)},
		{"below", func() float64 { return float64(s.Below(10)) }, 4.5, 2.9},
	}
	for _, tt := range tests {
		sum := 0.0
		for range n {
			sum += tt.draw()
		}
		if got, bound := sum/n, 5*tt.sigma/math.Sqrt(n); math.Abs(got-tt.mean) > bound {
			t.Errorf("%s: mean %g, want %g ± %g", tt.name, got, tt.mean, bound)
		}
	}
}

func TestKeysAreIndependent(t *testing.T) {
	t.Parallel()
	seen := map[float64]bool{}
	both := 0
	for i := range uint64(1000) {
		for j := range uint64(100) {
			seen[Key(1).With(i).With(j).Uniform()] = true
		}
		if Key(1).With(i).With(0).Uniform() < 0.1 && Key(1).With(i).With(1).Uniform() < 0.1 {
			both++
		}
	}
	if len(seen) != 100_000 {
		t.Errorf("%d different draws, want 100000", len(seen))
	}
	if both > 25 { // 10 expected
		t.Errorf("two parts are below 0.1 together %d times of 1000", both)
	}
	if Key(1).With(2).With(3) == Key(1).With(3).With(2) {
		t.Error("the order of parts says nothing")
	}
}
