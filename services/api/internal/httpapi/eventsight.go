package httpapi

import (
	"context"
	"fmt"
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
