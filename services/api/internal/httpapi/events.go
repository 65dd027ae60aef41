package httpapi

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
	"github.com/probefleet/probefleet/services/api/internal/stream"
)

// maxWatched bounds how many monitors or websites a stream names.
const maxWatched = 50

// streamRetry is when a client that was refused may try again, in seconds.
const streamRetry = 10

// StreamEvents implements [api.StrictServerInterface].
func (s *Server) StreamEvents(ctx context.Context, r api.StreamEventsRequestObject) (api.StreamEventsResponseObject, error) {
	c, ok := ctx.(*gin.Context)
	if s.Events == nil || !ok {
		return nil, unavailable("This process serves no live events.", nil)
	}
	wish, err := s.wishOf(ctx, &r.Params)
	if err != nil {
		return nil, err
	}
	sub, err := s.Events.Subscribe(wish)
	switch {
	case errors.Is(err, stream.ErrFull):
		p := busy("Too many streams are open, with this key, in this organisation or in this process.")
		p.retryAfter, p.cause = streamRetry, err
		return nil, p
	case err != nil:
		return nil, unavailable("The live events cannot be read at present.", err)
	}
	return &eventStream{s: s, c: c, sub: sub, wish: wish, caller: callerOf(ctx)}, nil
}

// wishOf reads what a caller wants to see, and makes sure that it may.
func (s *Server) wishOf(ctx context.Context, p *api.StreamEventsParams) (stream.Wish, error) {
	caller := callerOf(ctx)
	w := stream.Wish{Org: caller.Org, Key: caller.who()}
	var err error
	if w.After, err = lastEvent(p.LastEventID); err != nil {
		return w, err
	}
	if types := deref(p.Types); types != "" {
		w.Types = map[string]bool{}
		for _, t := range strings.Split(types, ",") {
			w.Types[t] = true
		}
	}
	websites, err := idsOf("website_id", p.WebsiteID)
	if err != nil {
		return w, err
	}
	for _, id := range websites {
		if w.Websites == nil {
			w.Websites = make(map[uptime.ID]bool, len(websites))
		}
		w.Websites[id] = true
	}
	monitors, err := idsOf("monitor_id", p.MonitorID)
	switch {
	case err != nil:
		return w, err
	case len(monitors) == 0 && w.Types[string(live.TypeTick)]:
		return w, invalidParam("monitor_id", "must say whose ticks are wanted")
	case len(monitors) == 0:
		return w, nil
	}
	// Another tenant's monitor is none.
	known, err := s.Store.MonitorWebsites(ctx, caller.Org, monitors)
	if err != nil {
		return w, err
	}
	for _, id := range monitors {
		if _, ok := known[id]; !ok {
			return w, invalidParam("monitor_id", "names "+id.String()+", which is no monitor")
		}
	}
	if w.Types == nil || w.Types[string(live.TypeTick)] {
		w.Ticks = known
	}
	return w, nil
}

var eventID = regexp.MustCompile(`^[0-9]{1,20}-[0-9]{1,20}$`)

// lastEvent reads the header Last-Event-ID; none, and an empty one, is empty.
func lastEvent(header *string) (string, error) {
	id := deref(header)
	if id != "" && !eventID.MatchString(id) {
		return "", invalid(api.FieldErrorInHeader, shape.Error{Pointer: "#/Last-Event-ID", Detail: "is not an id of this stream"})
	}
	return id, nil
}

// idsOf reads ids that are separated by commas.
func idsOf(name string, text *string) ([]uptime.ID, error) {
	if deref(text) == "" {
		return nil, nil
	}
	parts := strings.Split(*text, ",")
	if len(parts) > maxWatched {
		return nil, invalidParam(name, "must be 1 to 50 ids, separated by commas")
	}
	ids := make([]uptime.ID, len(parts))
	for i, part := range parts {
		var err error
		if ids[i], err = uptime.ParseID(part); err != nil {
			return nil, invalidParam(name, "must be 1 to 50 ids, separated by commas")
		}
	}
	return ids, nil
}
