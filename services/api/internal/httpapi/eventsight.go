package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/stream"
)

const (
	// sightTime is how long a stream remembers whether its key sees a website: so long
	// may one that has lost its tag still be told of.
	sightTime = 5 * time.Second
	// sightMost bounds what a stream remembers.
	sightMost = 10_000
)

// seen is whether a confined key saw a website when it was looked up.
type seen struct {
	visible bool
	at      time.Time
}

// tell writes an event if its stream's key may see it. An error ends the stream: the
// client comes back to the same event.
func (e *eventStream) tell(ctx context.Context, event stream.Event) error {
	ok, err := e.sees(ctx, &event)
	if ok {
		e.put(event)
	}
	return err
}

func (e *eventStream) sees(ctx context.Context, event *stream.Event) (bool, error) {
	if event.Type == string(live.TypeFleet) {
		return e.knows(ctx, event)
	}
	if !e.caller.Confined() || event.Type == stream.TypeReset {
		return true, nil
	}
	if event.Website.IsZero() {
		return event.Org.IsZero(), nil // of the fleet, not of the whole organisation
	}
	was, known := e.sight[event.Website]
	if known && time.Since(was.at) < sightTime {
		return was.visible, nil
	}
	found, err := e.s.Store.KnownWebsites(ctx, e.caller.Org, []uptime.ID{event.Website})
	if err != nil {
		return false, fmt.Errorf("look whether a website is seen: %w", err)
	}
	if e.sight == nil || len(e.sight) >= sightMost {
		e.sight = map[uptime.ID]seen{}
	}
	e.sight[event.Website] = seen{len(found) > 0, time.Now()}
	// The change by which a website goes out of sight is the last that is told of it.
	return len(found) > 0 || was.visible && event.Type == string(live.TypeConfig), nil
}

// knows tells whether an event of the fleet is of no region, or of one that the caller's
// organisation knows: others look for another one alone.
func (e *eventStream) knows(ctx context.Context, event *stream.Event) (bool, error) {
	var body struct {
		Region string `json:"region"`
	}
	if err := json.Unmarshal(event.Data, &body); err != nil {
		return false, fmt.Errorf("read an event of the fleet: %w", err)
	}
	if body.Region == "" {
		return true, nil
	}
	regions, err := e.s.regionsOf(ctx, e.caller.Org)
	if err != nil {
		return false, fmt.Errorf("look whether a region is known: %w", err)
	}
	return slices.Contains(regions.Known, body.Region), nil
}
