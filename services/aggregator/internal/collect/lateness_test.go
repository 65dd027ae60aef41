package collect

import (
	"testing"
	"time"
)

func TestLatenessQuantilesAreWithinABucket(t *testing.T) {
	t.Parallel()
	var l lateness
	for ms := 1; ms <= 1000; ms++ {
		l.add(time.Duration(ms) * time.Millisecond)
	}
	p50, p99 := l.quantiles()
	for _, c := range []struct {
		name      string
		got, want time.Duration
	}{{"p50", p50, 500 * time.Millisecond}, {"p99", p99, 990 * time.Millisecond}} {
		if off := (c.got - c.want).Abs(); off > c.want/7 {
			t.Errorf("%s = %v, want %v within an eighth", c.name, c.got, c.want)
		}
	}
}

func TestLatenessTakesAnything(t *testing.T) {
	t.Parallel()
	var l lateness
	if p50, p99 := l.quantiles(); p50 != 0 || p99 != 0 {
		t.Errorf("quantiles of nothing are %v and %v", p50, p99)
	}
	for _, late := range []time.Duration{-time.Second, 0, time.Microsecond, time.Hour, 1 << 62} {
		l.add(late)
	}
	if p50, p99 := l.quantiles(); p50 > 10*time.Microsecond || p99 < time.Minute {
		t.Errorf("quantiles are %v and %v", p50, p99)
	}
}
