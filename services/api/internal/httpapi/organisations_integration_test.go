//go:build integration

package httpapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

type (
	quota struct {
		Used  float64
		Limit *int
	}
	organisation struct {
		ID, Slug, Name string
		Quotas         struct {
			Websites, Monitors, Channels quota
			ChecksPerMinute              quota `json:"checks_per_minute"`
		}
	}
	invitation struct {
		ID, Email, Role, URL string
		InvitedBy            string `json:"invited_by"`
		Mailed               bool
	}
)

// page is the path of the page that an invitation leads to.
func (i *invitation) page() string {
	_, token, _ := strings.Cut(i.URL, "/invited/")
	return "/invited/" + token
}

func openly(c *httpapi.Config) { c.SignUpOpen = true }

// kind is the last part of a problem's type.
func (p problem) kind() string { return strings.TrimPrefix(p.Type, "urn:probefleet:problem:") }

func TestWhoSignsUpHasWebsitesChecked(t *testing.T) {
	t.Parallel()
	f := newFleet(t, openly)
	f.addRegions("us-east", "eu-west")
	for _, region := range []string{"us-east", "eu-west"} {
		f.worker(region, func(uptime.Check) *uptime.Result { return &uptime.Result{Outcome: uptime.OutcomePass, Code: 200} })
	}
	p := f.person()
	p.call("POST", "/v1/sign-up", map[string]any{"email": "eve@example.com", "password": goodPassword, "organisation": "Café Müller & Co."}).want(201, nil)
	if who := p.me(); who.Organisation.Name != "Café Müller & Co." || who.Organisation.Slug != "caf-m-ller-co" || *who.Role != "owner" {
		t.Errorf("works in %+v", who.Organisation)
	}
	var w website
	p.call("POST", "/v1/websites", map[string]any{"url": "shop.example"}).want(201, &w)
	var report struct {
		Results []struct {
			Region string
			Ok     bool
		}
	}
	p.call("POST", "/v1/websites/"+w.ID+"/check", nil).want(200, &report)
	seen := map[string]bool{}
	for _, r := range report.Results {
		seen[r.Region] = r.Ok
	}
	if diff := cmp.Diff(map[string]bool{"us-east": true, "eu-west": true}, seen); diff != "" {
		t.Errorf("checked (-want +got):\n%s", diff)
	}
}

func TestOrganisations(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	p, account := f.member(f.org, "owner")
	viewer, _ := f.member(f.org, "viewer")
	viewer.call("POST", "/v1/organisations", map[string]any{"name": "Mine"}).problem(403)

	var made, second organisation
	p.call("POST", "/v1/organisations", map[string]any{"name": "Acme"}).want(201, &made)
	p.call("POST", "/v1/organisations", map[string]any{"name": "Acme"}).want(201, &second)
	if made.Slug != "acme" || second.Slug != "acme-2" || p.me().Organisation.ID != second.ID {
		t.Errorf("made %+v and %+v; works in %+v", made, second, p.me().Organisation)
	}
	if kind := p.call("POST", "/v1/organisations", map[string]any{"name": "X", "slug": "acme"}).problem(409).kind(); kind != "slug-taken" {
		t.Errorf("kind %q", kind)
	}
	p.call("POST", "/v1/organisations", map[string]any{"name": " "}).invalid("#/name")
	if kind := p.call("PATCH", "/v1/organisation", map[string]any{"slug": "acme"}).problem(409).kind(); kind != "slug-taken" {
		t.Errorf("kind %q", kind)
	}
	p.call("PATCH", "/v1/organisation", map[string]any{"slug": "acme-3", "name": "Acme III"}).want(200, &second)
	if second.Slug != "acme-3" || second.Name != "Acme III" {
		t.Errorf("renamed to %+v", second)
	}

	// Only where one belongs one can work.
	p.call("PATCH", "/v1/session", map[string]any{"organisation_id": made.ID}).want(200, nil)
	p.call("PATCH", "/v1/session", map[string]any{"organisation_id": f.other}).problem(404)
	viewer.call("PATCH", "/v1/session", map[string]any{"organisation_id": made.ID}).problem(404)
	var list struct{ Items []struct{ ID, Role string } }
	p.call("GET", "/v1/organisations", nil).want(200, &list)
	if len(list.Items) != 3 {
		t.Errorf("belongs to %+v", list.Items)
	}

	// The first one keeps its slug, which settings and commands know.
	p.call("PATCH", "/v1/session", map[string]any{"organisation_id": f.org}).want(200, nil)
	if kind := p.call("PATCH", "/v1/organisation", map[string]any{"slug": "ours"}).problem(409).kind(); kind != "first-organisation" {
		t.Errorf("kind %q", kind)
	}
	p.call("PATCH", "/v1/organisation", map[string]any{"name": "Ours"}).want(200, nil)

	// One leaves without asking anybody, but for the last owner.
	leave := func(p *person, org string) answer {
		return p.call("DELETE", "/v1/organisations/"+org+"/membership", nil)
	}
	if kind := leave(p, made.ID).problem(409).kind(); kind != "last-owner" {
		t.Errorf("kind %q", kind)
	}
	leave(viewer, made.ID).problem(404)
	leave(viewer, f.org.String()).want(204, nil)
	if who := viewer.me(); who.Organisation != nil || len(who.Organisations) > 0 {
		t.Errorf("the viewer works in %+v", who)
	}
	viewer.call("GET", "/v1/websites", nil).problem(403)
	f.exec("UPDATE membership SET role = 'admin' WHERE account_id = $1 AND org_id = $2", account, f.org)
}

func TestAnOrganisationGoesWithAllItHas(t *testing.T) {
	t.Parallel()
	f := newFleet(t, openly)
	f.addRegions("us-east")
	p := f.person()
	p.call("POST", "/v1/sign-up", map[string]any{"email": "eve@example.com", "password": goodPassword, "organisation": "Acme"}).want(201, nil)
	org := id(t, p.me().Organisation.ID)
	admin, _ := f.member(org, "admin")
	var w website
	p.call("POST", "/v1/websites", map[string]any{"url": "a.example"}).want(201, &w)
	p.call("POST", "/v1/channels", map[string]any{"name": "x", "kind": "slack", "config": map[string]any{"webhook_url": "https://h.example/x"}}).want(201, nil)

	admin.call("DELETE", "/v1/organisation", map[string]any{"name": "Acme", "password": goodPassword}).problem(403)
	p.call("DELETE", "/v1/organisation", map[string]any{"name": "Acme", "password": "another one"}).invalid("#/password")
	p.call("DELETE", "/v1/organisation", map[string]any{"name": "acme", "password": goodPassword}).invalid("#/name")
	p.call("DELETE", "/v1/organisation", map[string]any{"name": "Acme", "password": goodPassword}).want(204, nil)
	for table, digest := range f.holdings(org) {
		if digest != "" && table != "audit" { // which ages
			t.Errorf("%s has rows of it", table)
		}
	}
	unclean, err := f.store.UncleanMonitors(t.Context(), postgres.UncleanMonitor{}, 10)
	f.ok(err)
	if len(unclean) != 1 || unclean[0].ID.String() != w.Monitors[0].ID {
		t.Errorf("to be cleaned: %v", unclean)
	}
	select {
	case <-f.woken:
	default:
		t.Error("the cleaner sleeps")
	}
	for _, one := range []*person{p, admin} {
		if who := one.me(); who.Organisation != nil {
			t.Errorf("works in %+v", who.Organisation)
		}
	}

	// The first one stays.
	p.call("POST", "/v1/organisations", map[string]any{"name": "Again"}).want(201, nil)
	f.exec("INSERT INTO membership (account_id, org_id, role) VALUES ($1, $2, 'owner')", p.me().Account.ID, f.org)
	p.call("PATCH", "/v1/session", map[string]any{"organisation_id": f.org}).want(200, nil)
	if kind := p.call("DELETE", "/v1/organisation", map[string]any{"name": "Default", "password": goodPassword}).problem(409).kind(); kind != "first-organisation" {
		t.Errorf("kind %q", kind)
	}
}

func TestOnlyOwnersManageOwners(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	owner, ownerID := f.member(f.org, "owner")
	admin, _ := f.member(f.org, "admin")
	editor, editorID := f.member(f.org, "editor")
	at := func(id uptime.ID) string { return "/v1/members/" + id.String() }
	role := func(name string) map[string]any { return map[string]any{"role": name} }

	for _, who := range []interface {
		call(string, string, any) answer
	}{admin, f} { // a key is no owner either
		who.call("PATCH", at(editorID), role("owner")).problem(403)
		who.call("PATCH", at(ownerID), role("viewer")).problem(403)
		who.call("DELETE", at(ownerID), nil).problem(403)
		who.call("POST", "/v1/invitations", map[string]any{"email": "new@example.com", "role": "owner"}).problem(403)
	}
	for _, call := range []answer{owner.call("PATCH", at(ownerID), role("admin")), owner.call("DELETE", at(ownerID), nil)} {
		if kind := call.problem(409).kind(); kind != "last-owner" {
			t.Errorf("kind %q", kind)
		}
	}
	// Roles hold from the next call on.
	editor.call("POST", "/v1/websites", map[string]any{"url": "a.example"}).want(201, nil)
	admin.call("PATCH", at(editorID), role("viewer")).want(200, nil)
	editor.call("POST", "/v1/websites", map[string]any{"url": "b.example"}).problem(403)
	owner.call("PATCH", at(editorID), role("owner")).want(200, nil)
	editor.call("PATCH", at(ownerID), role("admin")).want(200, nil)
	owner.call("PATCH", at(editorID), role("viewer")).problem(403)

	// Of two owners who unmake each other at once, one stays.
	for range 5 {
		f.exec("UPDATE membership SET role = 'owner' WHERE account_id = ANY ($1)", []uptime.ID{ownerID, editorID})
		var all sync.WaitGroup
		for _, target := range []uptime.ID{ownerID, editorID} {
			all.Go(func() {
				_, err := f.store.SetRole(t.Context(), f.org, target, "viewer", func(postgres.Member) error { return nil })
				if err != nil && err.Error() == "" {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var owners int
		f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM membership WHERE org_id = $1 AND role = 'owner'", f.org).Scan(&owners))
		if owners != 1 {
			t.Fatalf("%d owners are left", owners)
		}
	}

	// Whoever is removed is signed out there.
	f.exec("UPDATE membership SET role = 'owner' WHERE account_id = $1", ownerID)
	// The role was changed behind the api's back: a session's is remembered for two seconds.
	until(t, "the owner removes the editor", func() bool { return owner.call("DELETE", at(editorID), nil).status == 204 })
	editor.call("GET", "/v1/me", nil).problem(401)
	owner.call("DELETE", at(editorID), nil).problem(404)
	var page pageOf[struct{ ID, Role string }]
	owner.call("GET", "/v1/members?limit=1", nil).want(200, &page)
	if len(page.Items) != 1 || page.NextCursor == nil {
		t.Errorf("page %+v", page)
	}
	owner.call("GET", "/v1/members?cursor="+*page.NextCursor, nil).want(200, &page)
	if len(page.Items) != 1 || page.NextCursor != nil {
		t.Errorf("next page %+v", page)
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFleet(t, withClock(c), withMail)
	invite := func(email, role string) invitation {
		t.Helper()
		var i invitation
		f.call("POST", "/v1/invitations", map[string]any{"email": email, "role": role}).want(201, &i)
		return i
	}
	tokenOf := func(i invitation) string {
		t.Helper()
		token, ok := strings.CutPrefix(i.URL, "https://fleet.example/invited/")
		if !ok || len(token) != 43 {
			t.Fatalf("link %q", i.URL)
		}
		return token
	}
	i := invite("Bob@example.com", "editor")
	letters := f.letters()
	if !i.Mailed || len(letters) != 1 || letters[0].Kind != letter.Invitation || letters[0].Link != i.URL || letters[0].To != "Bob@example.com" {
		t.Errorf("made %+v, sent %+v", i, letters)
	}
	if p := f.call("POST", "/v1/invitations", map[string]any{"email": "bob@EXAMPLE.com", "role": "viewer"}).problem(409); p.kind() != "invited" || p.ExistingID != i.ID {
		t.Errorf("again: %+v", p)
	}
	f.call("POST", "/v1/invitations", map[string]any{"email": "nobody", "role": "viewer"}).invalid("#/email")

	// The link before ends with the next one.
	var again invitation
	f.call("POST", "/v1/invitations/"+i.ID+"/resend", nil).want(200, &again)
	at := func(i invitation) string { return "/v1/invited/" + tokenOf(i) }
	guest := f.person()
	guest.call("GET", at(i), nil).problem(404)
	var invited struct {
		Email, Organisation, Role string
		HasAccount                bool `json:"has_account"`
	}
	guest.call("GET", at(again), nil).want(200, &invited)
	if invited.Email != "Bob@example.com" || invited.Organisation != "Default" || invited.Role != "editor" || invited.HasAccount {
		t.Errorf("invited: %+v", invited)
	}
	guest.call("GET", "/v1/invited/nonsense", nil).problem(404)
	guest.call("POST", at(again), nil).invalid("#/password")
	guest.call("POST", at(again), map[string]any{"password": "short"}).invalid("#/password")
	guest.call("POST", at(again), map[string]any{"password": goodPassword, "name": "Bob"}).want(201, nil)
	if who := guest.me(); who.Account.Email != "Bob@example.com" || *who.Role != "editor" {
		t.Errorf("came in as %+v", who)
	}
	f.person().call("POST", at(again), map[string]any{"password": goodPassword}).problem(404) // it is used up
	if kind := f.call("POST", "/v1/invitations", map[string]any{"email": "bob@example.com", "role": "viewer"}).problem(409).kind(); kind != "member" {
		t.Errorf("kind %q", kind)
	}

	// Who has an account comes in signed in, and to no invitation but their own.
	o := f.as("other")
	var elsewhere invitation
	o.call("POST", "/v1/invitations", map[string]any{"email": "bob@example.com", "role": "viewer"}).want(201, &elsewhere)
	stranger := f.person()
	for _, p := range []*person{stranger, f.person()} {
		if kind := p.call("POST", at(elsewhere), map[string]any{"password": goodPassword}).problem(409).kind(); kind != "sign-in-first" {
			t.Errorf("kind %q", kind)
		}
	}
	stranger, _ = f.member(f.org, "viewer")
	stranger.cookie.Name = "__Host-probefleet"
	if kind := stranger.call("POST", at(elsewhere), nil).problem(409).kind(); kind != "other-address" {
		t.Errorf("kind %q", kind)
	}
	guest.call("POST", at(elsewhere), nil).want(201, nil)
	if who := guest.me(); who.Organisation.ID != f.other.String() || *who.Role != "viewer" || len(who.Organisations) != 2 {
		t.Errorf("works in %+v", who)
	}

	// A week later it is nobody's, and the address can be invited anew.
	late := invite("carl@example.com", "admin")
	gone := invite("dora@example.com", "viewer")
	f.call("DELETE", "/v1/invitations/"+gone.ID, nil).want(204, nil)
	guest.call("GET", at(gone), nil).problem(404)
	c.pass(7*24*time.Hour + time.Second)
	f.person().call("GET", at(late), nil).problem(404)
	f.person().call("POST", at(late), map[string]any{"password": goodPassword}).problem(404)
	invite("carl@example.com", "viewer")
	// Its token is nowhere in clear.
	var rows int
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE strpos(COALESCE(after::text, '') || COALESCE(before::text, ''), $1) > 0", tokenOf(late)).Scan(&rows))
	if rows > 0 {
		t.Error("a token is in the audit log")
	}
}

func TestWithoutMailALinkIsHandedOver(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	var i invitation
	f.call("POST", "/v1/invitations", map[string]any{"email": "bob@example.com", "role": "editor"}).want(201, &i)
	if i.Mailed || !strings.Contains(i.URL, "/invited/") || len(f.letters()) > 0 {
		t.Errorf("made %+v", i)
	}
	var list pageOf[invitation]
	a := f.call("GET", "/v1/invitations", nil).want(200, &list)
	if len(list.Items) != 1 || list.Items[0].InvitedBy != "admin's key" || strings.Contains(string(a.body), "/invited/") {
		t.Errorf("list %s", a.body)
	}
	p := f.person()
	p.call("POST", i.page(), nil).problem(404) // a page, not the API
	p.call("POST", "/v1"+i.page(), map[string]any{"password": goodPassword}).want(201, nil)
	if fmt.Sprint(p.me().Scopes) != "[self read write]" && *p.me().Role != "editor" {
		t.Errorf("came in as %+v", p.me())
	}
}
