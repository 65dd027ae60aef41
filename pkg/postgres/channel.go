package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Channel is a place where alerts go. Config is the half of its configuration that
// may be shown, SecretsSealed the other (see package channelspec).
type Channel struct {
	ID              uptime.ID
	OrgID           uptime.ID
	Name            string
	Kind            string
	Config          json.RawMessage
	SecretsSealed   []byte
	Enabled         bool
	Events          []alert.Event
	WebsiteIDs      []uptime.ID // nil: every website
	ReminderSeconds int         // 0: no reminders
	ThrottleSeconds int         // 0: no throttle
	// HoldUntil is until when the other side asked to be left alone; zero if it did not.
	HoldUntil time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Wants tells whether the channel, if enabled, hears of an event of a website; the
// zero website stands for events of none.
func (c *Channel) Wants(event alert.Event, website uptime.ID) bool {
	return c.Enabled && slices.Contains(c.Events, event) &&
		(c.WebsiteIDs == nil || website.IsZero() || slices.Contains(c.WebsiteIDs, website))
}

// CreateChannel stores a channel and returns it with the times that it got; one too many
// is a [*QuotaExceeded].
func (s *Store) CreateChannel(ctx context.Context, c Channel) (Channel, error) {
	var row dbgen.Channel
	err := s.meteredTx(ctx, c.OrgID, func(tx pgx.Tx) (err error) {
		row, err = dbgen.New(tx).CreateChannel(ctx, dbgen.CreateChannelParams{
			ID: c.ID, OrgID: c.OrgID, Name: c.Name, Kind: c.Kind, Config: c.Config, SecretsSealed: c.SecretsSealed,
			Enabled: c.Enabled, Events: eventNames(c.Events), WebsiteIds: c.WebsiteIDs,
			ReminderSeconds: int32(c.ReminderSeconds), ThrottleSeconds: int32(c.ThrottleSeconds),
		})
		return err
	})
	if err != nil {
		return Channel{}, fmt.Errorf("create channel: %w", classify(err))
	}
	return channelOf(row), nil
}

// Channel returns one channel of the tenant, or ErrNotFound.
func (s *Store) Channel(ctx context.Context, org, id uptime.ID) (Channel, error) {
	row, err := s.q.GetChannel(ctx, dbgen.GetChannelParams{OrgID: org, ID: id})
	if err != nil {
		return Channel{}, fmt.Errorf("channel %s: %w", id, classify(err))
	}
	return channelOf(row), nil
}

// Channels returns at most limit channels of the tenant after the given id, by id;
// the zero id begins at the first.
func (s *Store) Channels(ctx context.Context, org, after uptime.ID, limit int) ([]Channel, error) {
	rows, err := s.q.ListChannels(ctx, dbgen.ListChannelsParams{OrgID: org, After: after, MaxRows: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	return channelsOf(rows), nil
}

// UpdateChannel stores all that may change of a channel, which is all but tenant and
// kind, and ends a hold. It returns ErrNotFound for a channel that is not the tenant's.
func (s *Store) UpdateChannel(ctx context.Context, c Channel) (Channel, error) {
	var row dbgen.Channel
	err := s.lockedChannel(ctx, c.OrgID, c.ID, func(q *dbgen.Queries) (err error) {
		row, err = q.UpdateChannel(ctx, dbgen.UpdateChannelParams{
			ID: c.ID, OrgID: c.OrgID, Name: c.Name, Config: c.Config, SecretsSealed: c.SecretsSealed, Enabled: c.Enabled,
			Events: eventNames(c.Events), WebsiteIds: c.WebsiteIDs,
			ReminderSeconds: int32(c.ReminderSeconds), ThrottleSeconds: int32(c.ThrottleSeconds),
		})
		return err
	})
	if err != nil {
		return Channel{}, fmt.Errorf("update channel %s: %w", c.ID, classify(err))
	}
	return channelOf(row), nil
}

// DeleteChannel removes a channel and the history of what it was told.
func (s *Store) DeleteChannel(ctx context.Context, org, id uptime.ID) error {
	err := s.lockedChannel(ctx, org, id, func(q *dbgen.Queries) error {
		_, err := q.DeleteChannel(ctx, dbgen.DeleteChannelParams{OrgID: org, ID: id})
		return err
	})
	if err != nil {
		return fmt.Errorf("delete channel %s: %w", id, classify(err))
	}
	return nil
}

// lockedChannel works on a channel of the tenant under its lock, if it meets the context's
// precondition.
func (s *Store) lockedChannel(ctx context.Context, org, id uptime.ID, do func(*dbgen.Queries) error) error {
	return s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockOwnChannel(ctx, dbgen.LockOwnChannelParams{OrgID: org, ID: id})
		if err != nil {
			return err
		}
		c := channelOf(row)
		if err := met(ctx, c.Version()); err != nil {
			return err
		}
		return do(q)
	})
}

// ChannelsFor returns the enabled channels that hear of an event of a website, in
// the transaction of the event. The zero website is for events of none (the fleet's),
// which reach channels of certain websites, too; the zero org means every tenant.
func (s *Store) ChannelsFor(ctx context.Context, tx pgx.Tx, org, website uptime.ID, event alert.Event) ([]Channel, error) {
	rows, err := s.q.WithTx(tx).ChannelsFor(ctx, dbgen.ChannelsForParams{OrgID: org, Event: string(event), WebsiteID: website})
	if err != nil {
		return nil, fmt.Errorf("channels for %s: %w", event, err)
	}
	return channelsOf(rows), nil
}

// EnabledChannels returns every enabled channel of the tenants, by id, for routing
// many events at once with [Channel.Wants].
func EnabledChannels(ctx context.Context, tx pgx.Tx, orgs []uptime.ID) ([]Channel, error) {
	rows, err := dbgen.New(tx).EnabledChannels(ctx, orgs)
	if err != nil {
		return nil, fmt.Errorf("enabled channels: %w", err)
	}
	return channelsOf(rows), nil
}

// HoldChannel keeps everything but tests from a channel for a while, as its other
// side asked for; a hold is only ever made longer.
func HoldChannel(ctx context.Context, tx pgx.Tx, channel uptime.ID, d time.Duration) error {
	if err := dbgen.New(tx).HoldChannel(ctx, dbgen.HoldChannelParams{ID: channel, HoldMs: d.Milliseconds()}); err != nil {
		return fmt.Errorf("hold channel %s: %w", channel, err)
	}
	return nil
}

func channelsOf(rows []dbgen.Channel) []Channel {
	out := make([]Channel, len(rows))
	for i, r := range rows {
		out[i] = channelOf(r)
	}
	return out
}

func channelOf(r dbgen.Channel) Channel {
	events := make([]alert.Event, len(r.Events))
	for i, e := range r.Events {
		events[i] = alert.Event(e)
	}
	return Channel{
		ID: r.ID, OrgID: r.OrgID, Name: r.Name, Kind: r.Kind, Config: r.Config, SecretsSealed: r.SecretsSealed,
		Enabled: r.Enabled, Events: events, WebsiteIDs: r.WebsiteIds,
		ReminderSeconds: int(r.ReminderSeconds), ThrottleSeconds: int(r.ThrottleSeconds),
		HoldUntil: deref(r.HoldUntil), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

func eventNames(events []alert.Event) []string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = string(e)
	}
	return names
}
