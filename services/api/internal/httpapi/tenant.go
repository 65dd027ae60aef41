package httpapi

import (
	"context"
	"slices"

	"github.com/probefleet/probefleet/pkg/postgres"
)

// beyond names the operations whose work is not one organisation's alone, so that the
// database cannot keep them to one: regions look for every organisation, and people may
// belong to several. Their own checks are all that there is, as with scopeSelf.
var beyond = map[string]bool{
	"createRegion": true, "updateRegion": true, "deleteRegion": true, "legacyCreateRegion": true,
	"getMe": true, "deleteOrganisation": true,
}

// wholeOrganisation names what a confined key may not do, whatever its scopes: it
// concerns people, or an organisation with all of its websites. (What needs scopeAdmin
// no confined key may.) Everything else it may, as far as it sees websites.
var wholeOrganisation = map[string]bool{
	"createChannel": true, "updateChannel": true, "deleteChannel": true, "testChannel": true,
	"listMembers": true, "createStatusPage": true, "updateStatusPage": true, "deleteStatusPage": true,
}

// Confined tells whether the caller sees only some of its organisation's websites.
func (c *Caller) Confined() bool { return c.WebsiteIDs != nil || c.Tags != nil }

// sameConfines tells whether two callers see the same websites.
func sameConfines(a, b *Caller) bool {
	return a.Confined() == b.Confined() && slices.Equal(a.WebsiteIDs, b.WebsiteIDs) && slices.Equal(a.Tags, b.Tags)
}

// onBehalf makes the database keep an operation to its caller's organisation, and to
// some of its websites if the caller is confined to them.
func onBehalf(ctx context.Context, caller *Caller, op *operation) (context.Context, error) {
	if caller.Confined() && wholeOrganisation[op.id] {
		return ctx, forbidden("This concerns the whole organisation, and the key is confined to some of its websites.")
	}
	if caller.Org.IsZero() || op.scope == scopeSelf || beyond[op.id] {
		return ctx, nil
	}
	return postgres.WithTenant(ctx, postgres.Tenant{Org: caller.Org, Websites: caller.WebsiteIDs, Tags: caller.Tags}), nil
}

// outside is the problem of a confined key that would write what it could not see.
func outside(cause error) *problem {
	p := forbidden("The key is confined to some websites: what it writes must be among them, so a new website must bear one of the key's tags.")
	p.kind, p.cause = "confined", cause
	return p
}

// unconfinable is the problem of confinement on a database that cannot confine.
func unconfinable(cause error) *problem {
	p := conflict("not-confinable", "The database lets the api make no role of its own, without which keys cannot be confined to websites.")
	p.cause = cause
	return p
}

// confine reads what a key is to be confined to, and makes sure that it can be.
func (s *Server) confine(ctx context.Context, k *postgres.APIKey) error {
	if !k.Confined() {
		return nil
	}
	if slices.Contains(k.Scopes, string(scopeAdmin)) {
		return invalidField("scopes", "must be without admin, which concerns the whole organisation, if there are website_ids or tags")
	}
	can, err := s.Store.KeepsTenantsApart(ctx)
	if err != nil {
		return err
	}
	if !can {
		return unconfinable(nil)
	}
	known, err := s.Store.KnownWebsites(ctx, callerOf(ctx).Org, k.WebsiteIDs)
	if err != nil {
		return err
	}
	for _, id := range k.WebsiteIDs {
		if !slices.Contains(known, id) {
			return invalidField("website_ids", "names "+id.String()+", which is no website")
		}
	}
	return nil
}
