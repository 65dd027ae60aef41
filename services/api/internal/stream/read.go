package stream

import (
	"context"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
)

const (
	// readMost is how many events are read at once: a part of what a client may be behind.
	readMost = 100
	// catchUp is the pause between reads when there is more to read, so that clients,
	// too, get to it: 20,000 events a second at most.
	catchUp = 5 * time.Millisecond
	// lookAfter is how often a reader makes sure that nothing was lost without an error,
	// as by a flush.
	lookAfter = 10 * time.Second
	// readPause is how long a reader waits that could not read.
	readPause = time.Second
	// readQuiet is the least time between two complaints.
	readQuiet = 30 * time.Second
)

// read follows the stream on Redis until ctx ends.
func (h *Hub) read(ctx context.Context) error {
	var told time.Time
	unsure, sure := true, time.Time{} // whether Redis still has what comes after the position
	for ctx.Err() == nil {
		if unsure = unsure || time.Since(sure) > lookAfter; unsure {
			sure = time.Now()
		}
		more, err := h.step(ctx, unsure)
		unsure = err != nil || more
		pause := readPause
		switch {
		case ctx.Err() != nil || err == nil && !more:
			continue
		case err == nil:
			pause = catchUp
		case time.Since(told) > readQuiet:
			told = time.Now()
			h.cfg.Log.WarnContext(ctx, "cannot read live events, streams stand still", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// step reads once and tells whether there is more than was read.
func (h *Hub) step(ctx context.Context, unsure bool) (more bool, err error) {
	h.mu.Lock()
	position := h.position
	h.mu.Unlock()
	if position == "" {
		state, err := h.cfg.Queue.LiveState(ctx)
		if err == nil {
			h.begin(state.Last)
		}
		return false, err
	}
	events, err := h.cfg.Queue.ReadLive(ctx, position, readMost)
	if err != nil {
		return false, err
	}
	if unsure {
		// After the read: what was dropped before it is not among the events.
		state, err := h.cfg.Queue.LiveState(ctx)
		if err != nil {
			return false, err
		}
		if state.Lost(position) {
			h.cfg.Log.WarnContext(ctx, "live events were lost before they were read", "position", position)
			h.reset(state.Last)
			return false, nil
		}
	}
	h.hand(events)
	return len(events) == readMost, nil
}

func (h *Hub) begin(position string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.position = position
}

// hand gives events to whoever sees them.
func (h *Hub) hand(events []queue.LiveEvent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range events {
		e := &events[i]
		for s := range h.clients {
			if s.after != "" {
				if queue.CompareIDs(e.ID, s.after) <= 0 {
					continue
				}
				s.after = ""
			}
			if s.wish.sees(e) {
				h.push(s, eventOf(e))
			}
		}
		h.position = e.ID
	}
}

// reset goes on from another position and tells everybody that events are missing.
func (h *Hub) reset(position string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.position = position
	for s := range h.clients {
		s.after = ""
		h.push(s, Reset("lost", position))
	}
}

// Reset is the event that says why others are missing.
func Reset(why, id string) Event {
	return Event{ID: id, Type: TypeReset, Data: []byte(`{"reason":"` + why + `"}`)}
}
