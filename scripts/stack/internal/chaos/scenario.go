package chaos

import (
	"context"
	"time"
)

// Scenario is one fault and what is promised about it beside what always is: the
// ledger balances, no tick is lost that the ledger does not count, every outage is one
// incident, every alert arrives under one key, nothing else is an incident.
type Scenario struct {
	Name    string
	Fault   string // what is done, with what takes the place of %s for how long
	Promise string // what the fleet does about it
	Short   time.Duration
	Long    time.Duration // how long it lasts; Short zero: not in the short form

	// Prepare, if there is one, waits for what must be before anything is played.
	Prepare func(ctx context.Context, r *Rig) error

	// Inject breaks something; heal, if there is one, mends it.
	Inject injection

	// During looks at the fleet before the fault ends, After when all is over. Both may
	// be nil.
	During, After look

	// Loses is how many slots of each monitor and region may vanish uncounted: what was
	// in Redis and nowhere else. Zero for everything but losing Redis' data.
	Loses int

	Mounts bool // it needs a file system of its own
	Clocks bool // it needs [BuildClocks]
}

// injection breaks something of a rig and returns what mends it.
type injection = func(ctx context.Context, r *Rig) (heal func(context.Context) error, err error)

// look is what a scenario checks besides.
type look = func(ctx context.Context, r *Rig, p *play) []Check

// Check is a promise of one scenario.
type Check struct {
	What string
	OK   bool
	Got  string
}

// always is a fault that needs no mending.
func always(context.Context) error { return nil }

// sleep waits, but not beyond ctx.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// until asks every 50 ms whether something holds, for at most so long, and returns how
// long it took.
func until(ctx context.Context, patience time.Duration, holds func() bool) (time.Duration, bool) {
	begun := time.Now()
	for {
		if holds() {
			return time.Since(begun), true
		}
		if time.Since(begun) > patience || sleep(ctx, 50*time.Millisecond) != nil {
			return time.Since(begun), false
		}
	}
}
