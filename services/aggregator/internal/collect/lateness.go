package collect

import (
	"math/bits"
	"time"
)

// lateness is a histogram of how late checks began: four buckets to each power of
// two of microseconds, so that a quantile is off by 12 % at most, and counting costs
// a shift and an addition.
type lateness struct {
	results, failed int64
	counts          [latenessBuckets]uint32
}

// latenessBuckets reach up to 2^27 µs, more than two minutes; no check that is later
// than its deadline of a minute is run at all.
const latenessBuckets = 27 * 4

func (l *lateness) add(late time.Duration) {
	l.counts[latenessBucket(late)]++
}

func latenessBucket(late time.Duration) int {
	us := uint64(max(late.Microseconds(), 4))
	power := bits.Len64(us) - 1 // ≥ 2
	return min((power-2)*4+int(us>>(power-2)&3), latenessBuckets-1)
}

// latenessMiddle is what a bucket stands for.
func latenessMiddle(bucket int) time.Duration {
	power, quarter := bucket/4+2, uint64(bucket%4)
	low := (4 + quarter) << (power - 2)
	return time.Duration(low+(1<<(power-2))/2) * time.Microsecond
}

// quantiles returns the median and the 99th percentile, zero without results.
func (l *lateness) quantiles() (p50, p99 time.Duration) {
	var total uint64
	for _, n := range l.counts {
		total += uint64(n)
	}
	var seen uint64
	for bucket, n := range l.counts {
		if n == 0 {
			continue
		}
		seen += uint64(n)
		if p50 == 0 && seen*2 >= total {
			p50 = latenessMiddle(bucket)
		}
		if seen*100 >= total*99 {
			return p50, latenessMiddle(bucket)
		}
	}
	return p50, p99
}
