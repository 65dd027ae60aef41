package httpapi

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// GetMe implements [api.StrictServerInterface].
func (s *Server) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	caller := callerOf(ctx)
	if caller.Account.IsZero() {
		me, err := s.keyMe(ctx, &caller)
		return api.GetMe200JSONResponse(me), err
	}
	a, err := s.Store.Account(ctx, caller.Account)
	if err != nil {
		return nil, fromStore(err, "account")
	}
	me, err := s.meOf(ctx, &a, caller.Org)
	return api.GetMe200JSONResponse(me), err
}

// meOf returns who an account is and what it may do in an organisation; the zero id is none.
func (s *Server) meOf(ctx context.Context, a *postgres.Account, org uptime.ID) (api.Me, error) {
	belongs, err := s.Store.Memberships(ctx, a.ID)
	if err != nil {
		return api.Me{}, err
	}
	me := api.Me{
		Account: value(accountView(a)), Key: null[api.APIKey](), Organisation: null[api.OrganisationRef](), Role: null[api.Role](),
		Scopes: []api.Scope{}, Organisations: make([]api.OrganisationRef, len(belongs)),
	}
	for i, m := range belongs {
		me.Organisations[i] = api.OrganisationRef{ID: m.Org.ID, Slug: m.Org.Slug, Name: m.Org.Name, Role: value(api.Role(m.Role))}
		if m.Org.ID == org {
			me.Organisation, me.Role, me.Scopes = value(me.Organisations[i]), value(api.Role(m.Role)), scopeViews(roleScopes[m.Role])
		}
	}
	return me, nil
}

// keyMe returns what a key is and may do.
func (s *Server) keyMe(ctx context.Context, caller *Caller) (api.Me, error) {
	k, err := s.Store.APIKey(ctx, caller.Org, caller.Key)
	if err != nil {
		return api.Me{}, fromStore(err, "API key")
	}
	org, err := s.Store.Org(ctx, caller.Org)
	if err != nil {
		return api.Me{}, fromStore(err, "organisation")
	}
	ref := api.OrganisationRef{ID: org.ID, Slug: org.Slug, Name: org.Name, Role: null[api.Role]()}
	return api.Me{
		Account: null[api.Account](), Key: value(s.keyView(&k)), Organisation: value(ref), Role: null[api.Role](),
		Scopes: scopeViews(caller.Scopes), Organisations: []api.OrganisationRef{},
	}, nil
}

// scopeViews returns the scopes that a caller has, those that others include, too.
func scopeViews(have []string) []api.Scope {
	out := []api.Scope{}
	for _, one := range []api.Scope{api.ScopeRead, api.ScopeWrite, api.ScopeAdmin} {
		if suffices(have, Scope(one)) {
			out = append(out, one)
		}
	}
	return out
}

func accountView(a *postgres.Account) api.Account {
	left := len(a.RecoveryHashes)
	if a.TOTPSince.IsZero() {
		left = 0
	}
	return api.Account{
		ID: a.ID, Email: a.Email, Name: a.Name, Totp: !a.TOTPSince.IsZero(), RecoveryCodesLeft: left, CreatedAt: a.CreatedAt.UTC(),
	}
}

// UpdateMe implements [api.StrictServerInterface].
func (s *Server) UpdateMe(ctx context.Context, r api.UpdateMeRequestObject) (api.UpdateMeResponseObject, error) {
	caller := callerOf(ctx)
	change, err := s.changeOfMe(ctx, r.Body)
	if err != nil {
		return nil, err
	}
	var before postgres.Account
	a, err := s.Store.UpdateAccount(ctx, caller.Account, func(a *postgres.Account) error {
		before = *a
		change.apply(a)
		return nil
	}, func(tx pgx.Tx) error { return s.afterChange(ctx, tx, &before, change, caller.Session) })
	if errors.Is(err, postgres.ErrConflict) {
		return nil, emailTaken()
	}
	if err != nil {
		return nil, fromStore(err, "account")
	}
	s.Sessions.Forget(caller.Account)
	me, err := s.meOf(ctx, &a, caller.Org)
	return api.UpdateMe200JSONResponse(me), err
}

// accountChange is what an account is changed to; nil fields stay.
type accountChange struct{ name, email, hash *string }

func (c accountChange) apply(a *postgres.Account) {
	if c.name != nil {
		a.Name = *c.name
	}
	if c.email != nil {
		a.Email = *c.email
	}
	if c.hash != nil {
		a.PasswordHash = *c.hash
	}
}

// changeOfMe reads what is to change and, for what asks for the password, checks that.
func (s *Server) changeOfMe(ctx context.Context, body *api.MeUpdate) (accountChange, error) {
	var c accountChange
	if body.Name != nil {
		name := postgres.PlainText(strings.TrimSpace(*body.Name))
		c.name = &name
	}
	if body.Email != nil {
		email, err := emailOf(*body.Email)
		if err != nil {
			return c, err
		}
		c.email = &email
	}
	if c.email == nil && body.NewPassword == nil {
		return c, nil
	}
	if body.Password == nil {
		return c, invalidField("password", "is needed to change that")
	}
	if body.NewPassword != nil {
		if err := checkLength("new_password", *body.NewPassword); err != nil {
			return c, err
		}
	}
	if _, err := s.prove(ctx, *body.Password, nil); err != nil {
		return c, err
	}
	if body.NewPassword != nil {
		hash, err := s.hashPassword(ctx, "new_password", *body.NewPassword)
		if err != nil {
			return c, err
		}
		c.hash = &hash
	}
	return c, nil
}

// afterChange ends what a change of an account ends, and tells its holder of it, where
// they were reached before.
func (s *Server) afterChange(ctx context.Context, tx pgx.Tx, before *postgres.Account, c accountChange, session uptime.ID) error {
	if c.email != nil && *c.email != before.Email {
		if _, err := s.post(ctx, tx, letter.Letter{Kind: letter.EmailChanged, To: before.Email, NewEmail: *c.email}); err != nil {
			return err
		}
	}
	if c.hash != nil || c.email != nil {
		if err := postgres.DropPasswordResets(ctx, tx, before.ID); err != nil {
			return err
		}
	}
	if c.hash == nil {
		return nil
	}
	if err := postgres.EndSessions(ctx, tx, before.ID, session); err != nil {
		return err
	}
	_, err := s.post(ctx, tx, letter.Letter{Kind: letter.PasswordChanged, To: before.Email})
	return err
}

// DeleteMe implements [api.StrictServerInterface].
func (s *Server) DeleteMe(ctx context.Context, r api.DeleteMeRequestObject) (api.DeleteMeResponseObject, error) {
	caller := callerOf(ctx)
	code := deref(r.Body.Code)
	if _, err := s.prove(ctx, r.Body.Password, &code); err != nil {
		return nil, err
	}
	err := s.Store.DeleteAccount(ctx, caller.Account)
	if errors.Is(err, postgres.ErrLastOwner) {
		return nil, conflict("last-owner", "You are the last owner of an organisation: make somebody else an owner, or delete it first.")
	}
	if err != nil {
		return nil, fromStore(err, "account")
	}
	s.Sessions.Forget(caller.Account)
	visitOf(ctx).signedOut()
	return api.DeleteMe204Response{}, nil
}

// prove checks that who calls knows their password and, unless code is nil, has their
// second factor if there is one. Guesses are counted as those of signing in are.
func (s *Server) prove(ctx context.Context, password string, code *string) (postgres.Account, error) {
	a, err := s.Store.Account(ctx, callerOf(ctx).Account)
	if err != nil {
		return a, fromStore(err, "account")
	}
	limits := signInLimits(ctx, a.Email)
	if err := s.attempt(ctx, limits); err != nil {
		return a, err
	}
	if err := s.shown(ctx, &a, password, code); err != nil {
		return a, errors.Join(asField(err), s.unlessGuessed(ctx, limits, err))
	}
	return a, s.succeeded(ctx, limits)
}

// asField says of the form that somebody fills in what [Server.SignIn] says of the whole:
// they are signed in already.
func asField(err error) error {
	switch {
	case errors.Is(err, errCredentials):
		return invalidField("password", "is wrong")
	case errors.Is(err, errCodeNeeded):
		return invalidField("code", "is needed: that of the authenticator app, or a recovery code")
	case errors.Is(err, errCodeWrong):
		return invalidField("code", "is wrong, or was used already")
	}
	return err
}

func emailTaken() *problem {
	p := conflict("email-taken", "There is an account with this e-mail address already.")
	p.fields = []api.FieldError{fieldError("#/email", "is taken", api.FieldErrorInBody)}
	return p
}
