package httpapi

import (
	"context"
	"errors"
	"strings"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListOrganisations implements [api.StrictServerInterface].
func (s *Server) ListOrganisations(ctx context.Context, _ api.ListOrganisationsRequestObject) (api.ListOrganisationsResponseObject, error) {
	belongs, err := s.Store.Memberships(postgres.WithoutTenant(ctx), callerOf(ctx).Account)
	if err != nil {
		return nil, err
	}
	out := api.OrganisationList{Items: make([]api.OrganisationRef, len(belongs))}
	for i, m := range belongs {
		out.Items[i] = api.OrganisationRef{ID: m.Org.ID, Slug: m.Org.Slug, Name: m.Org.Name, Role: value(api.Role(m.Role))}
	}
	return api.ListOrganisations200JSONResponse(out), nil
}

// CreateOrganisation implements [api.StrictServerInterface].
func (s *Server) CreateOrganisation(ctx context.Context, r api.CreateOrganisationRequestObject) (api.CreateOrganisationResponseObject, error) {
	caller := callerOf(ctx)
	if err := s.mayFound(ctx, &caller); err != nil {
		return nil, err
	}
	org := postgres.Org{ID: uptime.NewID(s.Now()), Name: strings.TrimSpace(r.Body.Name), Slug: deref(r.Body.Slug)}
	if org.Name == "" {
		return nil, invalidField("name", "must not be empty")
	}
	chosen := org.Slug != ""
	for try := 1; ; try++ {
		if !chosen {
			org.Slug = slugOf(org.Name, try)
		}
		err := s.Store.CreateOrg(ctx, org, caller.Account, caller.Session)
		if errors.Is(err, postgres.ErrConflict) && !chosen && try < slugTries {
			continue
		}
		if errors.Is(err, postgres.ErrConflict) {
			return nil, slugTaken()
		}
		if err != nil {
			return nil, err
		}
		break
	}
	s.Sessions.Forget(caller.Account)
	view, err := s.organisationView(ctx, org.ID)
	return api.CreateOrganisation201JSONResponse(view), err
}

// mayFound refuses whoever was invited only: where signing up is closed, organisations are
// for those who have one.
func (s *Server) mayFound(ctx context.Context, caller *Caller) error {
	if s.SignUpOpen {
		return nil
	}
	belongs, err := s.Store.Memberships(postgres.WithoutTenant(ctx), caller.Account)
	if err != nil {
		return err
	}
	for _, m := range belongs {
		if m.Role == postgres.RoleOwner {
			return nil
		}
	}
	return forbidden("Only owners of an organisation make another one here.")
}

// GetOrganisation implements [api.StrictServerInterface].
func (s *Server) GetOrganisation(ctx context.Context, _ api.GetOrganisationRequestObject) (api.GetOrganisationResponseObject, error) {
	view, err := s.organisationView(ctx, callerOf(ctx).Org)
	return api.GetOrganisation200JSONResponse(view), err
}

// UpdateOrganisation implements [api.StrictServerInterface].
func (s *Server) UpdateOrganisation(ctx context.Context, r api.UpdateOrganisationRequestObject) (api.UpdateOrganisationResponseObject, error) {
	id := callerOf(ctx).Org
	_, err := s.Store.UpdateOrg(ctx, id, func(org *postgres.Org) error {
		if r.Body.Name != nil {
			if org.Name = strings.TrimSpace(*r.Body.Name); org.Name == "" {
				return invalidField("name", "must not be empty")
			}
		}
		if r.Body.Slug != nil {
			org.Slug = *r.Body.Slug
		}
		return nil
	})
	switch {
	case errors.Is(err, postgres.ErrConflict):
		return nil, slugTaken()
	case errors.Is(err, postgres.ErrFirstOrg):
		return nil, conflict("first-organisation", "The organisation that the fleet began with keeps its slug.")
	case err != nil:
		return nil, fromStore(err, "organisation")
	}
	view, err := s.organisationView(ctx, id)
	return api.UpdateOrganisation200JSONResponse(view), err
}

// DeleteOrganisation implements [api.StrictServerInterface].
func (s *Server) DeleteOrganisation(ctx context.Context, r api.DeleteOrganisationRequestObject) (api.DeleteOrganisationResponseObject, error) {
	caller := callerOf(ctx)
	code := deref(r.Body.Code)
	if _, err := s.prove(postgres.WithoutTenant(ctx), r.Body.Password, &code); err != nil {
		return nil, err
	}
	monitors, err := s.Store.DeleteOrg(ctx, caller.Org, func(org postgres.Org) error {
		if r.Body.Name != org.Name {
			return invalidField("name", "is not that of the organisation")
		}
		return nil
	})
	if errors.Is(err, postgres.ErrFirstOrg) {
		return nil, conflict("first-organisation", "The organisation that the fleet began with stays.")
	}
	if err != nil {
		return nil, fromStore(err, "organisation")
	}
	s.log.InfoContext(ctx, "an organisation was removed", "org", caller.Org.String(), "account", caller.Account.String(), "monitors", len(monitors))
	s.Sessions.ForgetOrg(caller.Org)
	s.forget(ctx, caller.Org, monitors)
	return api.DeleteOrganisation204Response{}, nil
}

// LeaveOrganisation implements [api.StrictServerInterface].
func (s *Server) LeaveOrganisation(ctx context.Context, r api.LeaveOrganisationRequestObject) (api.LeaveOrganisationResponseObject, error) {
	account := callerOf(ctx).Account
	if err := s.Store.LeaveOrg(ctx, r.ID, account); err != nil {
		return nil, memberError(err, "organisation")
	}
	s.Sessions.Forget(account)
	return api.LeaveOrganisation204Response{}, nil
}

// SwitchOrganisation implements [api.StrictServerInterface].
func (s *Server) SwitchOrganisation(ctx context.Context, r api.SwitchOrganisationRequestObject) (api.SwitchOrganisationResponseObject, error) {
	ctx = postgres.WithoutTenant(ctx)
	caller := callerOf(ctx)
	if err := s.Store.SwitchSession(ctx, caller.Session, r.Body.OrganisationID); err != nil {
		return nil, fromStore(err, "organisation")
	}
	s.Sessions.Forget(caller.Account)
	a, err := s.Store.Account(ctx, caller.Account)
	if err != nil {
		return nil, fromStore(err, "account")
	}
	me, err := s.meOf(ctx, &a, r.Body.OrganisationID)
	return api.SwitchOrganisation200JSONResponse(me), err
}

// organisationView shows an organisation that the caller belongs to, by now at least.
func (s *Server) organisationView(ctx context.Context, id uptime.ID) (api.Organisation, error) {
	ctx = postgres.WithoutTenant(ctx) // what a confined key must not see counts
	org, err := s.Store.Org(ctx, id)
	if err != nil {
		return api.Organisation{}, fromStore(err, "organisation")
	}
	limits, used, err := s.Store.Quotas(ctx, id)
	if err != nil {
		return api.Organisation{}, fromStore(err, "organisation")
	}
	versioned(ctx, org.Version())
	out := api.Organisation{ID: org.ID, Slug: org.Slug, Name: org.Name, CreatedAt: org.CreatedAt.UTC()}
	out.Quotas.Websites = quotaView(float64(used.Websites), limits.Websites)
	out.Quotas.Monitors = quotaView(float64(used.Monitors), limits.Monitors)
	out.Quotas.ChecksPerMinute = quotaView(used.ChecksPerMinute, limits.ChecksPerMinute)
	out.Quotas.Channels = quotaView(float64(used.Channels), limits.Channels)
	return out, nil
}

func slugTaken() *problem {
	p := conflict("slug-taken", "There is an organisation with this slug already.")
	p.fields = []api.FieldError{fieldError("#/slug", "is taken", api.FieldErrorInBody)}
	return p
}
