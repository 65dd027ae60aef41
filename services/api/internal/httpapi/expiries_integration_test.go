//go:build integration

package httpapi_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// ending is a monitor as far as it tells of what ends.
type ending struct {
	ID       string
	Expiries []expiryOf
}

type expiryOf struct {
	Subject    string
	EndsAt     time.Time `json:"ends_at"`
	DaysLeft   float64   `json:"days_left"`
	SeenAt     time.Time `json:"seen_at"`
	WarnedDays *int      `json:"warned_days"`
}

func TestExpiriesOfMonitors(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("eu-west")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	bare := f.addWebsite(map[string]any{"url": "b.example"})
	m := w.Monitors[0].ID
	const day = 24 * time.Hour
	now := time.Now().UTC().Truncate(time.Microsecond)
	seen := now.Add(-time.Minute)
	write := func(monitor string, target int64, subject expiry.Subject, left time.Duration, warned int) {
		f.ok(f.store.Tx(t.Context(), func(tx pgx.Tx) error {
			return postgres.UpsertExpiries(t.Context(), tx, []postgres.Expiry{{
				Monitor: id(t, monitor), Target: target, Subject: subject,
				End: expiry.End{At: uptime.InstantOf(now.Add(left)), Seen: uptime.InstantOf(seen), Warned: warned},
			}})
		}))
	}
	write(m, 1, expiry.Certificate, 20*day, 30)
	write(m, 1, expiry.Domain, -36*time.Hour, 0)
	thirty := 30
	want := []expiryOf{
		{Subject: "domain", EndsAt: now.Add(-36 * time.Hour), DaysLeft: -1.5, SeenAt: seen},
		{Subject: "certificate", EndsAt: now.Add(20 * day), DaysLeft: 20, SeenAt: seen, WarnedDays: &thirty},
	}
	near := cmpopts.EquateApprox(0, 0.02) // half an hour
	check := func(what string, want, got []expiryOf) {
		t.Helper()
		if diff := cmp.Diff(want, got, near); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	var one ending
	f.call("GET", "/v1/monitors/"+m, nil).want(200, &one)
	check("the monitor", want, one.Expiries)
	var list pageOf[ending]
	f.call("GET", "/v1/websites/"+w.ID+"/monitors", nil).want(200, &list)
	check("the list of monitors", want, list.Items[0].Expiries)
	var sites pageOf[struct {
		ID       string
		Monitors []ending
	}]
	f.call("GET", "/v1/websites", nil).want(200, &sites)
	got := map[string][]expiryOf{}
	for _, site := range sites.Items {
		got[site.ID] = site.Monitors[0].Expiries
	}
	check("a website of the list", want, got[w.ID])
	check("another of the list", []expiryOf{}, got[bare.ID])
	f.as("other").call("GET", "/v1/monitors/"+m, nil).problem(404)

	// Another name or interval forgets nothing; another target does, and what is still
	// written of the old one counts for nothing.
	f.call("PATCH", "/v1/monitors/"+m, `{"name":"front","interval_seconds":90}`).want(200, &one)
	check("after a change of the interval", want, one.Expiries)
	f.call("PATCH", "/v1/monitors/"+m, `{"target":"c.example"}`).want(200, &one)
	check("after a change of the target", []expiryOf{}, one.Expiries)
	write(m, 1, expiry.Certificate, 20*day, 30)
	f.call("GET", "/v1/monitors/"+m, nil).want(200, &one)
	check("after a late write", []expiryOf{}, one.Expiries)
	write(m, 3, expiry.Certificate, 50*day, 0)
	f.call("GET", "/v1/monitors/"+m, nil).want(200, &one)
	check("of the new target", []expiryOf{{Subject: "certificate", EndsAt: now.Add(50 * day), DaysLeft: 50, SeenAt: seen}}, one.Expiries)
}
