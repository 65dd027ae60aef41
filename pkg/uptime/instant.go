package uptime

import "time"

// Instant is a point in fleet time: microseconds since the Unix epoch as Redis
// tells it (see DESIGN, "Shards, streams, messages"). Zero means "never".
//
// Scheduled slots always lie on whole milliseconds; the instants of urgent checks
// never do, which keeps their ticks apart from scheduled ones (see [UrgentDue]).
type Instant int64

// InstantOf converts a wall clock time, to the microsecond; the zero time becomes
// the zero instant.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixMicro())
}

// Time converts back, in UTC; the zero instant becomes the zero time.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(i)).UTC()
}

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d/time.Microsecond) }

// Sub returns how long i is after j.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Microsecond }

// UrgentDue returns the due instant of an urgent check made at now for a request:
// within the same millisecond and off the grid of the slots, so that its tick can
// never overwrite a scheduled one.
func UrgentDue(now Instant, request ID) Instant {
	return now/1000*1000 + 1 + Instant(request.Hash()%999)
}

// IsUrgent tells whether an instant lies off the slots' grid.
func (i Instant) IsUrgent() bool { return i%1000 != 0 }
