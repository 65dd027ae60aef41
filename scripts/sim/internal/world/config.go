// Package world owns the truth of a simulation: what is broken where and when, and
// what a probe sees of it. Everything is a function of the seed, the monitor, the
// region and the instant, so a check comes out the same whoever asks in whatever
// order; and whatever can break says when it breaks next, so that the time in which
// all is well need not be looked at.
package world

import (
	"errors"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Epoch is when simulations begin: a whole minute.
const Epoch = uptime.Instant(1_800_000_000_000_000)

// Config describes a world and the fleet that looks at it. What is zero does not happen.
type Config struct {
	Name  string
	About string // one sentence
	Seed  uint64
	Span  time.Duration

	Monitors int
	// Shard is how many monitors one fold has: all of a shard share a budget of
	// urgent checks, and the first shard judges the regions for all.
	Shard     int
	Intervals []time.Duration // monitor i has the i-th, and so on round
	Timeout   time.Duration
	Policy    uptime.Policy // zero: the default one
	Regions   []Region      // sorted by name
	Sets      [][]int       // of regions, ascending; monitor i has the i-th, and so on round

	Loss   Loss
	Paths  Bursts // between one region and one target
	Uplink Bursts // of one target, seen from everywhere
	Cuts   Cuts   // one region does not reach one target
	Sick   Sickness
	Sites  SiteLoss
	Outage Outages
	Flaps  Flapping
}

// Region is a place from which the fleet looks; those of one site share a network.
type Region struct{ Name, Site string }

// Loss of single attempts, independent of everything.
type Loss struct {
	Attempt float64 // share of attempts that fail
	Silent  float64 // share of those that only end with the timeout, so that no retry follows
}

// Bursts are Gilbert's and Elliott's model: good and bad times take turns, both of
// exponential length, and attempts fail in bad ones.
type Bursts struct {
	Every, Mean time.Duration // mean length of good and bad times
	Loss                      // in bad times
}

// Cuts are times in which one region does not reach one target at all.
type Cuts struct {
	Every    time.Duration // on each path, on average
	Min, Max time.Duration
}

// Sickness of a region: it fails many targets, though its canary passes.
type Sickness struct {
	Every    time.Duration // in the whole fleet, on average
	Min, Max time.Duration
	Least    float64 // share of checks (or of targets) that fail, from this up to all
}

// SiteLoss is a site's own network failing, canaries and all.
type SiteLoss struct {
	Site     string
	Every    time.Duration
	Min, Max time.Duration
	Loss     float64 // of attempts; 1: the network is gone
}

// Outages are what monitors are for.
type Outages struct {
	PerYear  float64 // and monitor
	Min, Max time.Duration
}

// Flapping targets go down and up again all the time for a while.
type Flapping struct {
	PerYear  float64       // sessions, and monitor
	Session  time.Duration // length
	Min, Max time.Duration // of each down and each up
}

// Validate reports what cannot be simulated.
func (c *Config) Validate() error {
	var errs []error
	for _, t := range c.Intervals {
		if t < time.Second || t%schedule.DefaultWidth != 0 {
			errs = append(errs, fmt.Errorf("interval %v is not a whole number of slots", t))
		}
	}
	if c.Monitors < 1 || c.Shard < 1 || len(c.Intervals) == 0 || len(c.Sets) == 0 {
		errs = append(errs, errors.New("no monitors, intervals or regions"))
	}
	if c.Timeout > Lookback/2 || c.Timeout < time.Second {
		errs = append(errs, fmt.Errorf("timeout %v is not between 1 s and %v", c.Timeout, Lookback/2))
	}
	for _, p := range []float64{c.Loss.Attempt, c.Paths.Attempt, c.Uplink.Attempt, c.Sites.Loss} {
		if p < 0 || p > 1 {
			errs = append(errs, fmt.Errorf("share %g is not between 0 and 1", p))
		}
	}
	return errors.Join(errs...)
}

// End is when the simulation ends.
func (c *Config) End() uptime.Instant { return Epoch.Add(c.Span) }
