package attempt

import (
	"math"
	"time"
)

// Action is what happens after a failed attempt.
type Action uint8

// The actions.
const (
	// Retry tries again after a pause that grows.
	Retry Action = iota
	// Delay tries again when the other side allows it, and keeps everything else
	// from the channel until then.
	Delay
	// Discard gives up.
	Discard
)

// String returns the name used in logs and tests.
func (a Action) String() string { return [...]string{"retry", "delay", "discard"}[a] }

// Bounds of the attempts.
const (
	// MaxAge is how old an alert may become before it is given up: after a day
	// somebody knows.
	MaxAge = 24 * time.Hour
	// MaxRefusals in a row end an alert: with the pauses below that is about eleven
	// minutes, time to repair a revoked webhook or a mail server's configuration.
	MaxRefusals = 5
	// MaxPause between two attempts: what comes back is noticed within two minutes.
	MaxPause = 2 * time.Minute
	// MaxRetryAfter bounds what the other side may ask for.
	MaxRetryAfter = time.Hour
	// minBusy is the pause after "too many" without a Retry-After.
	minBusy = 5 * time.Second
	// holdAfter attempts that failed, the whole channel is held between attempts, so
	// that a thousand alerts for a dead channel are not a thousand attempts a minute.
	holdAfter = 3
	// maxHold bounds that.
	maxHold = time.Minute
)

// refusalPauses are the pauses after the first, second, … refusal in a row.
var refusalPauses = [MaxRefusals - 1]time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 8 * time.Minute}

// History is what was tried before, the attempt that just failed included.
type History struct {
	Attempts int           // 1 after the first
	Refusals int           // of them, refused in a row before this one
	Age      time.Duration // of the alert
}

// Step is what to do after a failure.
type Step struct {
	Action   Action
	Pause    time.Duration // before the next attempt
	Hold     time.Duration // of the whole channel; 0: none
	Refusals int           // in a row, to be remembered
}

// Next decides what follows a failure. Jitter in [0, 1) spreads attempts that failed
// together: a pause is 80 % to 120 % of its nominal length, but never shorter than
// what the other side asked for.
func Next(f *Failure, h History, jitter float64) Step {
	step := Step{Action: Retry}
	switch f.Class {
	case Busy:
		step.Action = Delay
		if f.RetryAfter > 0 {
			asked := min(max(f.RetryAfter, time.Second), MaxRetryAfter)
			step.Pause = asked + time.Duration(jitter*float64(min(asked/5, 5*time.Second)))
		} else {
			step.Pause = spread(max(backoff(h.Attempts), minBusy), jitter)
		}
		step.Hold = step.Pause
	case Refused:
		step.Refusals = h.Refusals + 1
		if step.Refusals >= MaxRefusals {
			return Step{Action: Discard, Refusals: step.Refusals}
		}
		step.Pause = spread(refusalPauses[step.Refusals-1], jitter)
	case Transient:
		step.Pause = spread(backoff(h.Attempts), jitter)
		if h.Attempts >= holdAfter {
			step.Hold = min(step.Pause, maxHold)
		}
	}
	if h.Age+step.Pause > MaxAge {
		return Step{Action: Discard, Refusals: step.Refusals}
	}
	return step
}

// backoff is 1 s, 2 s, 4 s, … up to MaxPause.
func backoff(attempts int) time.Duration {
	exp := min(max(attempts-1, 0), 30)
	return min(time.Duration(math.Pow(2, float64(exp)))*time.Second, MaxPause)
}

func spread(d time.Duration, jitter float64) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*jitter))
}
