package consensus

import (
	"errors"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

var errBeat = errors.New("heartbeat out of range")

// tale says in one sentence how a heartbeat stands.
func (s *State) tale(c *call) string {
	b := s.beat
	clock := func(t uptime.Instant) string { return clockOf(t, c.now) }
	switch {
	case b == nil || b.First == 0 && b.Last == 0:
		return "Unknown: it has not called in yet"
	case b.Silent != 0:
		return s.taleOfSilence(c, clock)
	case b.Said == uptime.OutcomeFail && b.Detail != "":
		return "The job reported a failure: " + b.Detail
	case b.Said == uptime.OutcomeFail:
		return "The job reported a failure"
	case b.Said == uptime.OutcomePass:
		text := "The job called in at " + clock(b.Last)
		if b.RunUS > 0 {
			text += " after a run of " + spell(b.run())
		}
		return text
	case b.Deaf != 0:
		return fmt.Sprintf("Unknown: no call since %s, and none could be taken after %s", clock(max(b.First, b.Last)), clock(b.Deaf))
	case b.Started != 0:
		return fmt.Sprintf("Unknown: started at %s and has not finished yet", clock(b.Started))
	}
	return "Unknown: it has not called in since " + clock(max(b.Renewed, b.Last))
}

func (s *State) taleOfSilence(c *call, clock func(uptime.Instant) string) string {
	b, h := s.beat, c.m.Heartbeat
	started := b.Started != 0 && b.Started < b.Silent
	if started && h.MaxRun > 0 {
		text := fmt.Sprintf("Started at %s and has not finished within %s", clock(b.Started), spell(h.MaxRun))
		if b.From > b.Started {
			text += " from " + clock(b.From) + " on"
		}
		return text
	}
	text := "No call since " + clock(max(b.First, b.Last))
	if b.Last == 0 {
		text = "Started at " + clock(b.First) + " and has not finished"
	}
	text += fmt.Sprintf("; one was due every %s with %s of grace", spell(c.m.Interval), spell(h.Grace))
	if b.From != 0 {
		text += " from " + clock(b.From) + " on"
	}
	return text
}

// clockOf writes an instant as people do who read it at another: with the day, if that
// may be another one.
func clockOf(t, now uptime.Instant) string {
	if now.Sub(t) < 24*time.Hour {
		return t.Time().Format("15:04:05 UTC")
	}
	return t.Time().Format("2006-01-02 15:04:05 UTC")
}

// spell writes a duration in its two largest units, cut after them.
func spell(d time.Duration) string {
	units := []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.of {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.of, u.name)
		if i+1 < len(units) {
			if rest := d % u.of / units[i+1].of; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}
