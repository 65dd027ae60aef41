//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

var idsMade atomic.Int64

// newID returns ids that sort as they were made: those of one millisecond would not.
func newID() uptime.ID {
	return uptime.NewID(time.Now().Add(time.Duration(idsMade.Add(1)) * time.Millisecond))
}

// house is a store with one tenant and what is needed to tell alerts in it.
type house struct {
	*postgres.Store
	t        testing.TB
	org      uptime.ID
	website  uptime.ID
	monitor  uptime.ID
	incident uptime.ID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{Store: postgres.NewStore(pgtest.Pool(t)), t: t, org: newID(), website: newID(), monitor: newID()}
	h.exec(`INSERT INTO org (id, slug, name) VALUES ($1, $2, 'An org')`, h.org, "o"+h.org.String())
	h.exec(`INSERT INTO website (id, org_id, name, url, url_key) VALUES ($1, $2, 'shop', 'https://shop.test/', 'shop')`, h.website, h.org)
	h.exec(`INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy)
	        VALUES ($1, $2, $3, 'http', 'https://shop.test/', 10000, 5000, '{}')`, h.monitor, h.org, h.website)
	h.incident = h.openIncident()
	return h
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.Pool().Exec(context.Background(), sql, args...); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

func (h *house) openIncident() uptime.ID {
	h.t.Helper()
	id := newID()
	h.exec(`UPDATE incident SET resolved_at = now() WHERE monitor_id = $1 AND resolved_at IS NULL`, h.monitor)
	h.exec(`INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, explanation, evidence)
	        VALUES ($1, $2, $3, $4, 'down', now(), 'DOWN', '{}')`, id, h.org, h.website, h.monitor)
	return id
}

func (h *house) channel(change func(*postgres.Channel)) postgres.Channel {
	h.t.Helper()
	c := postgres.Channel{
		ID: newID(), OrgID: h.org, Name: "ops", Kind: "email", Config: []byte(`{"to": ["a@example.com"]}`),
		Enabled: true, Events: alert.DefaultEvents,
	}
	if change != nil {
		change(&c)
	}
	c, err := h.CreateChannel(context.Background(), c)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) tx(f func(tx pgx.Tx) error) {
	h.t.Helper()
	if err := h.Tx(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

func TestChannelRoundTripStaysWithItsTenant(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	want := h.channel(func(c *postgres.Channel) {
		c.SecretsSealed, c.WebsiteIDs = []byte{1, 2}, []uptime.ID{h.website}
		c.ReminderSeconds, c.ThrottleSeconds = 60, 30
	})
	got, err := h.Channel(ctx, h.org, want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("channel (-want +got):\n%s", diff)
	}
	other := newID()
	if _, err := h.Channel(ctx, other, want.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another tenant reads it: %v", err)
	}
	stolen := want
	stolen.OrgID, stolen.Name = other, "stolen"
	if _, err := h.UpdateChannel(ctx, stolen); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another tenant changes it: %v", err)
	}
	if err := h.DeleteChannel(ctx, other, want.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another tenant deletes it: %v", err)
	}

	h.tx(func(tx pgx.Tx) error { return postgres.HoldChannel(ctx, tx, want.ID, time.Hour) })
	want.Name, want.WebsiteIDs, want.SecretsSealed = "new name", nil, nil
	got, err = h.UpdateChannel(ctx, want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(postgres.Channel{}, "UpdatedAt")); diff != "" {
		t.Errorf("updated channel keeps a hold, or else (-want +got):\n%s", diff)
	}
	list, err := h.Channels(ctx, h.org, uptime.ID{}, 10)
	if err != nil || len(list) != 1 {
		t.Errorf("Channels = %d, %v, want 1", len(list), err)
	}
	if list, err := h.Channels(ctx, h.org, want.ID, 10); err != nil || len(list) != 0 {
		t.Errorf("Channels after the last = %d, %v, want none", len(list), err)
	}
	if err := h.DeleteChannel(ctx, h.org, want.ID); err != nil {
		t.Error(err)
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	h.channel(func(c *postgres.Channel) { c.Name = "all" })
	h.channel(func(c *postgres.Channel) { c.Name = "off"; c.Enabled = false })
	h.channel(func(c *postgres.Channel) { c.Name = "site"; c.WebsiteIDs = []uptime.ID{h.website} })
	h.channel(func(c *postgres.Channel) { c.Name = "nosite"; c.WebsiteIDs = []uptime.ID{} })
	h.channel(func(c *postgres.Channel) { c.Name = "fleet"; c.Events = []alert.Event{alert.EventFleet} })

	tests := []struct {
		name         string
		org, website uptime.ID
		event        alert.Event
		want         []string
	}{
		{"of a website", h.org, h.website, alert.EventDown, []string{"all", "site"}},
		{"of another", h.org, newID(), alert.EventDown, []string{"all"}},
		{"of another tenant", newID(), h.website, alert.EventDown, nil},
		{"not subscribed", h.org, h.website, alert.EventDegraded, nil},
		{"of the fleet", uptime.ID{}, uptime.ID{}, alert.EventFleet, []string{"fleet"}},
	}
	for _, tt := range tests {
		var got, wanted []string
		h.tx(func(tx pgx.Tx) error {
			channels, err := h.ChannelsFor(ctx, tx, tt.org, tt.website, tt.event)
			for _, c := range channels {
				got = append(got, c.Name)
			}
			if err != nil {
				return err
			}
			channels, err = postgres.EnabledChannels(ctx, tx, []uptime.ID{h.org})
			for _, c := range channels {
				if c.Wants(tt.event, tt.website) && (tt.org.IsZero() || tt.org == c.OrgID) {
					wanted = append(wanted, c.Name)
				}
			}
			return err
		})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.want, wanted); diff != "" {
			t.Errorf("%s, by Wants (-want +got):\n%s", tt.name, diff)
		}
	}
}
