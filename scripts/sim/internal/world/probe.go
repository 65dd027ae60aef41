package world

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/chance"
)

const (
	// retryPause is the worker's, between its two attempts.
	retryPause = 50 * time.Millisecond
	// canaryTimeout and canaryShare are the worker's.
	canaryTimeout = 1800 * time.Millisecond
	canaryShare   = time.Second
	canaryTargets = 3
	canaryTook    = 80 * time.Millisecond
)

// resends are when TCP sends its opening segment again: a silent network that comes
// back within a check is a slow check, not a failed one.
var resends = [...]time.Duration{time.Second, 3 * time.Second, 7 * time.Second}

// Probe is a check in one region: what it came to, and how long it took. Like the
// worker, it tries a second time at once after a network failure that left the time
// for it. lost says that independent loss takes the whole check; urgent ones are
// drawn attempt by attempt.
func (v *View) Probe(t *Target, rank int, due, start uptime.Instant, lost bool) (Kind, time.Duration) {
	p := &t.Paths[rank]
	look := func(at uptime.Instant, try uint64) Kind {
		if lost {
			return v.lostAs(p.key.With(uint64(due)))
		}
		return v.attempt(t, p, due, at, try)
	}
	rtt := p.RTT()
	kind, took := try(look, start, 1, rtt, v.Timeout)
	if again := took + retryPause; kind == Quick && again+retryPause < v.Timeout {
		kind, took = try(look, start.Add(again), 2, rtt, v.Timeout-again)
		took += again
	}
	return kind, took
}

// try is one attempt, within the time that is left: how it ends, and after how long.
// What breaks while the answer is on its way leaves the attempt in silence.
func try(look func(uptime.Instant, uint64) Kind, at uptime.Instant, n uint64, rtt, left time.Duration) (Kind, time.Duration) {
	kind := look(at, n)
	if kind == None {
		if kind = look(at.Add(rtt), n); kind == Quick {
			kind = Silent
		}
	}
	for _, d := range resends {
		if kind != Silent || d+rtt >= left {
			break
		}
		if later := look(at.Add(d), n); later == None || later == Answer {
			return later, d + rtt
		}
	}
	if kind == Silent {
		return Silent, left
	}
	return kind, rtt
}

// attempt is what one attempt sees at an instant.
func (v *View) attempt(t *Target, p *Path, due, at uptime.Instant, try uint64) Kind {
	if e := t.track.at(at); e != nil {
		return e.Kind
	}
	if e := p.cut.at(at); e != nil {
		return e.Kind
	}
	check := p.key.With(uint64(due))
	draw := check.With(try)
	if e := v.site[p.Region].at(at); e != nil && draw.With(partSite).Uniform() < e.Loss {
		return e.Kind
	}
	if e := v.sick[p.Region].at(at); e != nil {
		key := check.With(partSick) // a retry meets the same sickness
		if e.Fixed {
			key = e.key.With(uint64(t.key))
		}
		if key.Uniform() < e.Loss {
			return e.Kind
		}
	}
	if e := p.burst.at(at); e != nil && draw.With(partPath).Uniform() < e.Loss {
		return v.Paths.as(draw.With(partPath + 1))
	}
	if e := t.uplink.at(at); e != nil && draw.With(partUplink).Uniform() < e.Loss {
		return v.Uplink.as(draw.With(partUplink + 1))
	}
	if (due.IsUrgent() || try > 1) && draw.Uniform() < v.Loss.Attempt {
		return v.Loss.as(draw.With(partKind))
	}
	return None
}

// as draws how an attempt is lost.
func (l *Loss) as(key chance.Key) Kind {
	if key.Uniform() < l.Silent {
		return Silent
	}
	return Quick
}

// lostAs draws how a check is lost whose attempts independent loss took.
func (v *View) lostAs(check chance.Key) Kind {
	l := v.Loss
	silent := l.Attempt*l.Silent + l.Attempt*(1-l.Silent)*l.Attempt*l.Silent
	if check.With(partKind).Uniform()*l.check() < silent {
		return Silent
	}
	return Quick
}

// canary is a region's look at targets that are known to be up, shared by the checks
// of a round as the worker shares it.
type canary struct {
	started, over uptime.Instant
	state         uptime.CanaryState
}

// Canary returns what the region's canary says beside a check that starts at an
// instant, and when it says so.
func (v *View) Canary(region int, at uptime.Instant) (uptime.CanaryState, uptime.Instant) {
	c := &v.canary[region]
	if c.started == 0 || at >= c.started.Add(canaryShare) && at >= c.over {
		*c = v.look(region, at)
	}
	return c.state, c.over
}

// CanaryAgain is the canary's word after a network failure, whatever it said before.
func (v *View) CanaryAgain(region int, at uptime.Instant) (uptime.CanaryState, uptime.Instant) {
	c := v.look(region, at)
	return c.state, c.over
}

// look is one look at all targets: it passes as soon as any answers at once.
func (v *View) look(region int, at uptime.Instant) canary {
	c := canary{started: at, state: uptime.CanaryFailed}
	key := v.Key.With(partCanary).With(uint64(region)).With(uint64(at))
	for target := range uint64(canaryTargets) {
		kind, took := v.canaryProbe(region, at, key.With(target))
		over := at.Add(took)
		switch {
		case kind != None && c.state == uptime.CanaryFailed:
			c.over = max(c.over, over)
		case kind == None && c.state == uptime.CanaryFailed:
			c.state, c.over = uptime.CanaryPassed, over
		case kind == None:
			c.over = min(c.over, over)
		}
	}
	return c
}

func (v *View) canaryProbe(region int, start uptime.Instant, key chance.Key) (Kind, time.Duration) {
	look := func(at uptime.Instant, try uint64) Kind {
		draw := key.With(try)
		if e := v.site[region].at(at); e != nil && draw.With(partSite).Uniform() < e.Loss {
			return e.Kind
		}
		if draw.Uniform() < v.Loss.Attempt {
			return v.Loss.as(draw.With(partKind))
		}
		return None
	}
	return try(look, start, 1, canaryTook, canaryTimeout)
}
