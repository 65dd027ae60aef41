package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
)

// ListChannels implements [api.StrictServerInterface].
func (s *Server) ListChannels(ctx context.Context, r api.ListChannelsRequestObject) (api.ListChannelsResponseObject, error) {
	after, err := fromCursor(cursorChannel, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(r.Params.Limit)
	channels, err := s.Store.Channels(ctx, callerOf(ctx).Org, after, limit+1)
	if err != nil {
		return nil, err
	}
	channels, more := page(channels, limit)
	out := api.ChannelPage{Items: make([]api.Channel, len(channels)), NextCursor: null[string]()}
	for i := range channels {
		out.Items[i] = channelView(&channels[i])
	}
	if more {
		out.NextCursor = cursorOf(cursorChannel, channels[limit-1].ID)
	}
	return api.ListChannels200JSONResponse(out), nil
}

// GetChannel implements [api.StrictServerInterface].
func (s *Server) GetChannel(ctx context.Context, r api.GetChannelRequestObject) (api.GetChannelResponseObject, error) {
	c, err := s.Store.Channel(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "channel")
	}
	versioned(ctx, c.Version())
	return api.GetChannel200JSONResponse(channelView(&c)), nil
}

// CreateChannel implements [api.StrictServerInterface].
func (s *Server) CreateChannel(ctx context.Context, r api.CreateChannelRequestObject) (api.CreateChannelResponseObject, error) {
	body := r.Body
	c := postgres.Channel{
		ID: uptime.NewID(s.Now()), OrgID: callerOf(ctx).Org, Name: body.Name, Kind: body.Kind, Enabled: true,
		Events: alert.DefaultEvents, ReminderSeconds: deref(body.ReminderSeconds), ThrottleSeconds: deref(body.ThrottleSeconds),
	}
	if body.Enabled != nil {
		c.Enabled = *body.Enabled
	}
	if events, err := body.Events.Get(); err == nil {
		c.Events = eventsOf(events)
	}
	config, err := channelspec.Parse(body.Kind, body.Config, s.channelOptions())
	if err != nil {
		return nil, invalidConfig(err)
	}
	if c.WebsiteIDs, err = s.websiteIDs(ctx, c.OrgID, body.WebsiteIds); err != nil {
		return nil, err
	}
	if c.Config, c.SecretsSealed, err = channelspec.Split(s.Box, c.OrgID, c.ID, config); err != nil {
		return nil, err
	}
	c, err = s.Store.CreateChannel(ctx, c)
	if err != nil {
		return nil, err
	}
	s.tellChannel(ctx, live.Created, c.ID)
	return api.CreateChannel201JSONResponse(channelView(&c)), nil
}

// UpdateChannel implements [api.StrictServerInterface].
func (s *Server) UpdateChannel(ctx context.Context, r api.UpdateChannelRequestObject) (api.UpdateChannelResponseObject, error) {
	body := r.Body
	c, err := s.Store.Channel(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "channel")
	}
	if body.Name != nil {
		c.Name = *body.Name
	}
	if body.Enabled != nil {
		c.Enabled = *body.Enabled
	}
	if body.Events.IsSpecified() {
		c.Events = alert.DefaultEvents
		if events, err := body.Events.Get(); err == nil {
			c.Events = eventsOf(events)
		}
	}
	if body.ReminderSeconds.IsSpecified() {
		c.ReminderSeconds = orElse(body.ReminderSeconds, 0)
	}
	if body.ThrottleSeconds.IsSpecified() {
		c.ThrottleSeconds = orElse(body.ThrottleSeconds, 0)
	}
	if body.WebsiteIds.IsSpecified() {
		if c.WebsiteIDs, err = s.websiteIDs(ctx, c.OrgID, body.WebsiteIds); err != nil {
			return nil, err
		}
	}
	if body.Config != nil {
		if err := s.mergeConfig(&c, *body.Config); err != nil {
			return nil, err
		}
	}
	c, err = s.Store.UpdateChannel(ctx, c)
	if err != nil {
		return nil, fromStore(err, "channel")
	}
	s.tellChannel(ctx, live.Changed, c.ID)
	versioned(ctx, c.Version())
	return api.UpdateChannel200JSONResponse(channelView(&c)), nil
}

// mergeConfig changes a channel's configuration; what the patch leaves out, secrets
// included, stays as it was.
func (s *Server) mergeConfig(c *postgres.Channel, patch json.RawMessage) error {
	old, err := channelspec.Join(s.Box, c.OrgID, c.ID, c.Kind, c.Config, c.SecretsSealed)
	if err != nil {
		return err
	}
	config, err := channelspec.Merge(old, patch, s.channelOptions())
	if err != nil {
		return invalidConfig(err)
	}
	c.Config, c.SecretsSealed, err = channelspec.Split(s.Box, c.OrgID, c.ID, config)
	return err
}

// DeleteChannel implements [api.StrictServerInterface].
func (s *Server) DeleteChannel(ctx context.Context, r api.DeleteChannelRequestObject) (api.DeleteChannelResponseObject, error) {
	if err := s.Store.DeleteChannel(ctx, callerOf(ctx).Org, r.ID); err != nil {
		return nil, fromStore(err, "channel")
	}
	s.tellChannel(ctx, live.Deleted, r.ID)
	return api.DeleteChannel204Response{}, nil
}

func (s *Server) channelOptions() channelspec.Options {
	return channelspec.Options{SMTPConfigured: s.SMTPConfigured}
}

// websiteIDs checks that the websites which a channel names are the tenant's; null
// and absent are every one.
func (s *Server) websiteIDs(ctx context.Context, org uptime.ID, field nullable.Nullable[[]uptime.ID]) ([]uptime.ID, error) {
	if !field.IsSpecified() || field.IsNull() {
		return nil, nil
	}
	ids := field.MustGet()
	known, err := s.Store.KnownWebsites(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	var errs []shape.Error
	for i, id := range ids {
		if !slices.Contains(known, id) {
			errs = append(errs, shape.Error{Pointer: fmt.Sprintf("#/website_ids/%d", i), Detail: "is not a website"})
		}
	}
	if len(errs) > 0 {
		return nil, invalid(api.FieldErrorInBody, errs...)
	}
	return ids, nil
}

// invalidConfig tells what package channelspec found, with fields as JSON pointers:
// config.to[0] becomes #/config/to/0.
func invalidConfig(err error) error {
	var found channelspec.Errors
	if !errors.As(err, &found) {
		return err
	}
	pointer := strings.NewReplacer(".", "/", "[", "/", "]", "")
	errs := make([]shape.Error, len(found))
	for i, e := range found {
		errs[i] = shape.Error{Pointer: "#/" + pointer.Replace(e.Field), Detail: e.Message}
	}
	return invalid(api.FieldErrorInBody, errs...)
}

func eventsOf(names []api.AlertEvent) []alert.Event {
	events := make([]alert.Event, len(names))
	for i, name := range names {
		events[i] = alert.Event(name)
	}
	return events
}

func channelView(c *postgres.Channel) api.Channel {
	out := api.Channel{
		ID: c.ID, Name: c.Name, Kind: c.Kind, Config: c.Config, Enabled: c.Enabled,
		Events: make([]api.AlertEvent, len(c.Events)), WebsiteIds: null[[]uptime.ID](),
		ReminderSeconds: c.ReminderSeconds, ThrottleSeconds: c.ThrottleSeconds, HeldUntil: nullTime(c.HoldUntil),
		CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
	for i, e := range c.Events {
		out.Events[i] = api.AlertEvent(e)
	}
	if c.WebsiteIDs != nil {
		out.WebsiteIds = value(c.WebsiteIDs)
	}
	return out
}
