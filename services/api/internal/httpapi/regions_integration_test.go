//go:build integration

package httpapi_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// looking is what a tenant is told of the regions that look for it.
type looking struct {
	Name         string
	Private, Own bool
	Workers      []struct{ ID string }
}

func (f *fleet) lookers() []looking {
	f.t.Helper()
	var page pageOf[looking]
	f.call("GET", "/v1/regions", nil).want(200, &page)
	return page.Items
}

func names(regions []looking) []string {
	out := make([]string, len(regions))
	for i := range regions {
		out[i] = regions[i].Name
	}
	return out
}

func TestTheFleetsRegionsLookForEveryTenant(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	o := f.as("other")
	f.addRegions("us-east", "eu-west")
	f.call("POST", "/v1/regions", map[string]any{"name": "lan", "private": true}).want(201, nil)
	o.addPrivateRegion("theirs")
	f.worker("us-east", func(uptime.Check) *uptime.Result { return nil })

	if diff := cmp.Diff([]string{"eu-west", "lan", "us-east"}, names(f.lookers())); diff != "" {
		t.Errorf("regions (-want +got):\n%s", diff)
	}
	theirs := o.lookers()
	if diff := cmp.Diff([]string{"eu-west", "theirs", "us-east"}, names(theirs)); diff != "" {
		t.Errorf("the other's regions (-want +got):\n%s", diff)
	}
	for _, r := range theirs {
		if mine := r.Name == "theirs"; r.Own != mine || r.Private != mine || len(r.Workers) > 0 {
			t.Errorf("the other is told of %+v", r)
		}
	}
	if at := slices.IndexFunc(f.lookers(), func(r looking) bool { return len(r.Workers) == 1 && r.Own }); at < 0 {
		t.Error("the operators are not told of their workers")
	}

	// They may be named, and a quorum is counted among them.
	o.addWebsite(map[string]any{"url": "a.example", "regions": []string{"us-east", "theirs"}})
	o.addWebsite(map[string]any{"url": "b.example", "policy": map[string]any{"quorum": map[string]any{"mode": "count", "count": 2}}})
	o.call("POST", "/v1/websites", map[string]any{"url": "c.example", "regions": []string{"lan"}}).invalid("#/regions/0")
	o.call("POST", "/v1/websites", map[string]any{"url": "c.example", "policy": map[string]any{"quorum": map[string]any{"mode": "count", "count": 3}}}).
		invalid("#/policy/quorum/count")

	// But whoever does not manage them changes nothing.
	for _, method := range []string{"PATCH", "DELETE"} {
		o.call(method, "/v1/regions/us-east", `{}`).problem(403)
		o.call(method, "/v1/regions/lan", `{}`).problem(404)
		f.call(method, "/v1/regions/theirs", `{}`).problem(404)
	}
	o.call("PATCH", "/v1/regions/theirs", `{"private":false}`).problem(403)
	o.call("PATCH", "/v1/regions/theirs", `{"title":"Ours"}`).want(200, nil)
	f.call("POST", "/v1/regions", `{"name":"x","organisation":"nobodys"}`).invalid("#/organisation")
	f.call("POST", "/v1/regions", `{"name":"theirs"}`).problem(409)
}

// TestWhatTroublesAPrivateRegionIsItsOrganisationsOwn looks at the fleet and its events.
func TestWhatTroublesAPrivateRegionIsItsOrganisationsOwn(t *testing.T) {
	t.Parallel()
	with, _ := withEvents(t)
	f := newFleet(t, with)
	o := f.as("other")
	f.addRegions("us-east")
	o.addPrivateRegion("secret-lan")
	views := map[*fleet]*viewer{f: f.look("", ""), o: o.look("", "")}
	regions := []string{"us-east", "secret-lan", ""}
	events := make([]live.Event, len(regions))
	for i, region := range regions {
		now := time.Now()
		f.ok(f.store.Tx(t.Context(), func(tx pgx.Tx) error {
			_, err := postgres.OpenFleetEvent(t.Context(), tx, postgres.FleetEvent{
				ID: uptime.NewID(now), Kind: postgres.FleetSick, Region: region, Opened: uptime.InstantOf(now), Explanation: region + " is sick",
			})
			return err
		}))
		events[i] = live.Event{Body: live.Fleet{Change: live.Opened, Kind: postgres.FleetSick, Region: region, At: now}}
	}
	f.happens(events...)
	for g, want := range map[*fleet][]string{f: {"us-east", ""}, o: regions} {
		var now struct {
			Events []struct {
				Region string `json:"region"`
			} `json:"events"`
		}
		g.call("GET", "/v1/fleet", nil).want(200, &now)
		var got []string
		for _, e := range now.Events {
			got = append(got, e.Region)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the fleet's events (-want +got):\n%s", diff)
		}
		for _, region := range want {
			views[g].next().is(t, "fleet", map[string]any{"region": region})
		}
	}
}

func TestARegionThatBecomesPrivateIsForgottenByOthers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	o := f.as("other")
	f.addRegions("us-east", "eu-west")
	both := o.addWebsite(map[string]any{"url": "a.example", "regions": []string{"us-east", "eu-west"}})
	own := f.addWebsite(map[string]any{"url": "a.example", "regions": []string{"us-east", "eu-west"}})
	alone := o.addWebsite(map[string]any{"url": "b.example", "regions": []string{"us-east"}})

	p := f.call("PATCH", "/v1/regions/us-east", `{"private":true}`).problem(409)
	if p.Type != "urn:probefleet:problem:last-region" || p.ExistingID != "" {
		t.Errorf("another tenant's monitor is in the way: %+v", p)
	}
	o.call("DELETE", "/v1/websites/"+alone.ID, nil).want(204, nil)
	f.call("PATCH", "/v1/regions/us-east", `{"private":true}`).want(200, nil)
	for _, tt := range []struct {
		f    *fleet
		id   string
		want []string
	}{{o, both.ID, []string{"eu-west"}}, {f, own.ID, []string{"us-east", "eu-west"}}} {
		var w website
		tt.f.call("GET", "/v1/websites/"+tt.id, nil).want(200, &w)
		if diff := cmp.Diff(tt.want, w.Monitors[0].Regions); diff != "" {
			t.Errorf("regions (-want +got):\n%s", diff)
		}
	}
	f.call("PATCH", "/v1/regions/eu-west", `{"private":true}`).problem(409) // the other's monitor names it alone by now
	o.call("DELETE", "/v1/websites/"+both.ID, nil).want(204, nil)
	// Monitors that name none are looked at by those that are left.
	w := f.addWebsite(map[string]any{"url": "c.example"})
	if p := f.call("PATCH", "/v1/regions/eu-west", `{"private":true}`).problem(409); p.ExistingID != w.Monitors[0].ID {
		t.Errorf("existing %q, want the monitor that would have no region", p.ExistingID)
	}
	f.call("PATCH", "/v1/regions/us-east", `{"private":false}`).want(200, nil)
	f.call("PATCH", "/v1/regions/eu-west", `{"private":true}`).want(200, nil)
}
