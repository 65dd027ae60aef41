package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Throttle decides how often somebody may fail: so often freely, and then after pauses
// that double with each failure.
type Throttle struct {
	Free   int           // failures without a pause
	Most   time.Duration // the longest pause
	Forget time.Duration // after so long without a failure, counting begins anew
}

// The throttles. Behind one address there may be many people, behind an account there is one.
var (
	AccountThrottle = Throttle{Free: 5, Most: 15 * time.Minute, Forget: 24 * time.Hour}
	AddressThrottle = Throttle{Free: 20, Most: 15 * time.Minute, Forget: 24 * time.Hour}
	// Mails and sign-ups are not forgiven, as succeeding is what would be the nuisance.
	ResetThrottle        = Throttle{Free: 3, Most: time.Hour, Forget: time.Hour}
	ResetAddressThrottle = Throttle{Free: 20, Most: time.Hour, Forget: time.Hour}
	SignUpThrottle       = Throttle{Free: 10, Most: time.Hour, Forget: time.Hour}
)

// Failures is what is known of somebody's failures.
type Failures struct {
	Count        int
	BlockedUntil time.Time // zero: not
	Last         time.Time
}

// Try decides on an attempt. One that has to wait changes nothing; any other is counted
// before it is known to fail, so that many at once are no more than one after the other.
func (t Throttle) Try(f Failures, now time.Time) (after Failures, wait time.Duration) {
	if wait := f.BlockedUntil.Sub(now); !f.BlockedUntil.IsZero() && wait > 0 {
		return f, min(wait, t.Most)
	}
	if !f.Last.IsZero() && now.Sub(f.Last) >= t.Forget {
		f.Count = 0
	}
	f.Count++
	f.Last, f.BlockedUntil = now, time.Time{}
	if pause := t.pause(f.Count); pause > 0 {
		f.BlockedUntil = now.Add(pause)
	}
	return f, 0
}

// Forgive takes back an attempt that did not fail.
func (Throttle) Forgive(f Failures) Failures {
	f.Count, f.BlockedUntil = max(f.Count-1, 0), time.Time{}
	return f
}

// pause returns 2^n seconds after the n-th failure beyond the free ones.
func (t Throttle) pause(failures int) time.Duration {
	n := failures - t.Free
	switch {
	case n <= 0:
		return 0
	case n > 20: // 2^20 seconds are days
		return t.Most
	}
	return min(time.Second<<n, t.Most)
}

// Subject returns under what name failures are counted: of a kind, and of an address of
// one sort or the other. What was typed in may be a password, so it is not kept.
func Subject(kind, who string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + strings.ToLower(strings.TrimSpace(who))))
	return hex.EncodeToString(sum[:])
}
