package stream

import (
	"context"
	"errors"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// TypeReset is the type of the event that says that others are missing: the client has
// to ask for the present state anew.
const TypeReset = "reset"

// Event is what a client is told.
type Event struct {
	ID   string // where to go on from; empty: of an event that is not kept, a tick
	Type string
	Data []byte // JSON
	// Whom and what it is about, for those who may not see all; zero: nobody's, of none.
	Org, Website uptime.ID
}

func eventOf(e *queue.LiveEvent) Event {
	return Event{ID: e.ID, Type: e.Type, Data: e.Data, Org: e.Org, Website: e.Website}
}

// Wish is what a client may and wants to see.
type Wish struct {
	After    string // the last event that the client has; empty: it begins now
	Org      uptime.ID
	Key      string                  // whose streams are counted together
	Types    map[string]bool         // nil: all
	Websites map[uptime.ID]bool      // nil: all, and what is about none
	Ticks    map[uptime.ID]uptime.ID // monitors of the tenant whose ticks are wanted, with their websites
}

// sees tells whether a client is told of an event.
func (w *Wish) sees(e *queue.LiveEvent) bool {
	switch {
	case e.Type == "":
		return false
	case !e.Org.IsZero() && e.Org != w.Org:
		return false
	case w.Types != nil && !w.Types[e.Type]:
		return false
	}
	return w.Websites == nil || w.Websites[e.Website]
}

// Subscription is one client's place. Whoever has it closes it.
type Subscription struct {
	hub    *Hub
	wish   Wish
	from   string     // events after it come through the queue
	after  string     // events up to it the client has already; empty: none of them; guarded by hub.mu
	events chan Event // read by the client
	done   chan struct{}
	why    error // set before done is closed
}

// Events are those that happen from now on, in their order.
func (s *Subscription) Events() <-chan Event { return s.events }

// Done is closed when the client is let go; Err says why.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Err returns ErrSlow or ErrStopping once Done is closed.
func (s *Subscription) Err() error {
	select {
	case <-s.done:
		return s.why
	default:
		return nil
	}
}

// From returns the position at which the subscription began.
func (s *Subscription) From() string { return s.from }

// Position returns up to where the client has been told all, and false while something
// waits in its queue.
func (s *Subscription) Position() (string, bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	position := s.hub.position
	if queue.CompareIDs(position, s.after) < 0 {
		position = s.after // this replica is behind the one that told the client
	}
	return position, len(s.events) == 0
}

// Close gives the place up.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.release(s, nil)
}

// ErrLost is returned when events that a client has missed are not there any more.
var ErrLost = errors.New("missed events are not there any more")

// backlogPage is how many past events are read at once.
const backlogPage = 500

// Resume tells of what happened after the event that the client has, until the
// subscription began. What comes through the queue goes on from there. ErrLost means
// that the client has to begin anew.
func (s *Subscription) Resume(ctx context.Context, tell func(Event) error) error {
	after := s.wish.After
	if err := s.holds(ctx, after); err != nil {
		return err
	}
	for {
		page, err := s.hub.cfg.Queue.LiveRange(ctx, after, s.from, backlogPage)
		if err != nil {
			return err
		}
		// Asked once more, since what was dropped meanwhile is not in the page.
		if err := s.holds(ctx, after); err != nil {
			return err
		}
		for i := range page {
			if e := &page[i]; s.wish.sees(e) {
				if err := tell(eventOf(e)); err != nil {
					return err
				}
			}
		}
		if len(page) < backlogPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// holds tells, by ErrLost, whether Redis does not have all that came after a position.
func (s *Subscription) holds(ctx context.Context, after string) error {
	state, err := s.hub.cfg.Queue.LiveState(ctx)
	if err != nil || !state.Lost(after) {
		return err
	}
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.after = ""
	return ErrLost
}
