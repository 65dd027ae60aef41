package consensus

import "github.com/probefleet/probefleet/pkg/uptime"

// The bounds of urgent checks: four times what is scheduled lets a region that
// fails altogether be confirmed within a quarter of an interval; the floor lets a
// small fleet confirm everything at once.
const (
	UrgentPerScheduled = 4
	UrgentFloor        = 200 // per second
)

// Budget bounds the urgent checks of every region by a token bucket that holds one
// second's worth. The zero value has the floor for every region. It is not safe for
// concurrent use.
type Budget struct {
	buckets map[string]*bucket
}

type bucket struct {
	rate, tokens float64
	at           uptime.Instant
	refused      uint64
}

// SetRate tells how many checks per second the region has scheduled.
func (b *Budget) SetRate(region string, scheduled float64) {
	k := b.bucket(region)
	k.rate = max(UrgentFloor, UrgentPerScheduled*scheduled)
	k.tokens = min(k.tokens, k.rate)
}

// Has tells whether one more check may be sent to the region. Recovery rounds leave
// half of the bucket to confirmations: finding out that something broke comes
// before finding out that it is well again.
func (b *Budget) Has(region string, now uptime.Instant, recovery bool) bool {
	k := b.bucket(region)
	k.refill(now)
	least := 1.0
	if recovery {
		least += k.rate / 2
	}
	if k.tokens < least {
		k.refused++
		return false
	}
	return true
}

// Refused returns how often Has said no for the region.
func (b *Budget) Refused(region string) uint64 { return b.bucket(region).refused }

// Take charges the region with n checks; a bucket in debt refuses until refilled.
func (b *Budget) Take(region string, n int, now uptime.Instant) {
	k := b.bucket(region)
	k.refill(now)
	k.tokens -= float64(n)
}

func (b *Budget) bucket(region string) *bucket {
	k := b.buckets[region]
	if k == nil {
		if b.buckets == nil {
			b.buckets = make(map[string]*bucket)
		}
		k = &bucket{rate: UrgentFloor, tokens: UrgentFloor}
		b.buckets[region] = k
	}
	return k
}

func (k *bucket) refill(now uptime.Instant) {
	if now <= k.at {
		return // a clock that goes back fills nothing
	}
	k.tokens = min(k.rate, k.tokens+now.Sub(k.at).Seconds()*k.rate)
	k.at = now
}
