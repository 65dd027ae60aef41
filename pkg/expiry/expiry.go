// Package expiry decides when people are warned that a certificate or a domain's
// registration is about to end: once at each of a few thresholds of one end. It is pure:
// what was seen and the time go in, what is remembered and the warning come out.
//
// Regions, and servers behind one name, may show different ends. The earliest that was
// seen recently is the one that counts:
//
//	seen the same       it goes on
//	seen an earlier     it counts at once
//	seen a later        nothing, for as long as the earlier was seen recently; then it
//	                    counts, and thresholds that it lies beyond are free again
package expiry

import (
	"math"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Subject is what ends.
type Subject string

// The subjects.
const (
	Certificate Subject = "certificate"
	Domain      Subject = "domain" // its registration
)

// Thresholds are the days before the end at which a warning is due, the last one first.
var Thresholds = [...]int{1, 7, 14, 30}

const (
	day = 24 * time.Hour
	// Recent is for how long, at least, an end that was seen is not given up for a later
	// one: a certificate that one of many servers still shows is met again within it.
	Recent = 2 * time.Hour
	// jitter is by how much an end may move without being another one: registries round,
	// and what is renewed twice a day is not to be warned of twice a day.
	jitter = day
	// far bounds ends by what a date can be written as: the year 10000.
	far uptime.Instant = 253402300800000000
)

// End is what is remembered of one end. The zero value is an end that nobody has seen.
type End struct {
	At     uptime.Instant // zero: unknown
	Seen   uptime.Instant // when a check saw it last
	Warned int            // the last threshold warned of, in days; 0: none
}

// Threshold returns the threshold in days that so much time left lies within; 0 if it
// lies beyond all of them, or nothing is left.
func Threshold(left time.Duration) int {
	if left <= 0 {
		return 0
	}
	for _, days := range Thresholds {
		if left <= time.Duration(days)*day {
			return days
		}
	}
	return 0
}

// See takes in that a check at now saw an end at the given instant. It returns what is
// to be remembered and the threshold to warn of, 0 for no warning. A later end than the
// one remembered counts if that was not seen for longer than recent. Ends that are no
// date are left alone, and of what is over nobody is warned: the check itself fails.
//
// For ends to come that were all seen recently, what is remembered in the end depends
// neither on the order in which they are taken in nor on their repetition, as long as no
// threshold is passed in between; each is warned of once in any case.
func (e End) See(at, now uptime.Instant, recent time.Duration) (next End, warn int) {
	if at <= 0 || at >= far || now <= 0 {
		return e, 0
	}
	switch since := between(e.Seen, now); {
	case e.At == 0:
		e = End{At: at, Seen: now}
	case at == e.At:
		e.Seen = max(e.Seen, now)
	case at < e.At:
		if -since > recent {
			return e, 0 // a straggler: what is remembered was seen long after it
		}
		e.At, e.Seen = at, now
	case since <= recent:
		return e, 0
	default:
		e = e.renewed(at, now)
	}
	if days := Threshold(between(now, e.At)); days != 0 && (e.Warned == 0 || days < e.Warned) {
		e.Warned = days
		return e, days
	}
	return e, 0
}

// renewed moves to a later end. The thresholds beyond which it lies are warned of again
// when they come; one that it lies within was warned of already.
func (e End) renewed(at, now uptime.Instant) End {
	left, moved := between(now, at), between(e.At, at)
	e.At, e.Seen = at, now
	beyond := left > time.Duration(e.Warned)*day+jitter
	if e.Warned == 0 || left <= 0 || moved <= jitter && !beyond {
		return e
	}
	if days := Threshold(left); days == 0 {
		e.Warned = 0
	} else {
		e.Warned = max(e.Warned, days)
	}
	return e
}

// between returns the time from one instant to another, at most what a duration holds,
// which is less than some certificates last.
func between(from, to uptime.Instant) time.Duration {
	const most = math.MaxInt64 / uptime.Instant(time.Microsecond)
	return time.Duration(min(max(to-from, -most), most)) * time.Microsecond
}
