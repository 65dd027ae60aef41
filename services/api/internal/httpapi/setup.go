package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// GetSetup implements [api.StrictServerInterface].
func (s *Server) GetSetup(ctx context.Context, _ api.GetSetupRequestObject) (api.GetSetupResponseObject, error) {
	has, err := s.Store.HasAccounts(ctx)
	if err != nil {
		return nil, err
	}
	return api.GetSetup200JSONResponse{Needed: !has, SignUpOpen: s.SignUpOpen, Mail: s.mails(), Version: s.Version}, nil
}

// SetUp implements [api.StrictServerInterface].
func (s *Server) SetUp(ctx context.Context, r api.SetUpRequestObject) (api.SetUpResponseObject, error) {
	done := conflict("set-up", "The fleet has an account already: sign in, or ask for an invitation.")
	switch has, err := s.Store.HasAccounts(ctx); { // before a hash is made for nothing
	case err != nil:
		return nil, err
	case has:
		return nil, done
	}
	a, err := s.newAccount(ctx, r.Body)
	if err != nil {
		return nil, err
	}
	org, err := s.Store.EnsureOrg(ctx, postgres.DefaultOrg, "Default")
	if err != nil {
		return nil, err
	}
	ctx = postgres.WithActor(ctx, visitOf(ctx).actor(&a))
	created, err := s.Store.CreateFirstAccount(ctx, a, org.ID, strings.TrimSpace(deref(r.Body.Organisation)))
	if err != nil {
		return nil, err
	}
	if !created {
		return nil, done
	}
	me, err := s.signIn(ctx, &a, org.ID, false)
	return api.SetUp201JSONResponse(me), err
}

// SignUp implements [api.StrictServerInterface].
func (s *Server) SignUp(ctx context.Context, r api.SignUpRequestObject) (api.SignUpResponseObject, error) {
	if !s.SignUpOpen {
		return nil, &problem{
			status: http.StatusForbidden, kind: "sign-up-closed", title: "Forbidden",
			detail: "Nobody can make an account here without an invitation.",
		}
	}
	limits := []limit{{subject: auth.Subject("sign-up", subnet(visitOf(ctx).address)), throttle: auth.SignUpThrottle}}
	if err := s.attempt(ctx, limits); err != nil {
		return nil, err
	}
	a, err := s.newAccount(ctx, r.Body)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(deref(r.Body.Organisation))
	if name == "" {
		name = ownName(a.Name, a.Email)
	}
	ctx = postgres.WithActor(ctx, visitOf(ctx).actor(&a))
	for try := 1; ; try++ {
		org := postgres.Org{ID: uptime.NewID(s.Now()), Slug: slugOf(name, try), Name: postgres.PlainText(name)}
		err := s.Store.CreateAccountWithOrg(ctx, a, org)
		switch {
		case postgres.Violates(err, "account_email"):
			return nil, emailTaken()
		case errors.Is(err, postgres.ErrConflict) && try < slugTries:
			continue
		case err != nil:
			return nil, err
		}
		me, err := s.signIn(ctx, &a, org.ID, false)
		return api.SignUp201JSONResponse(me), err
	}
}

// newAccount returns an account as somebody asks for it.
func (s *Server) newAccount(ctx context.Context, body *api.SignUp) (postgres.Account, error) {
	return s.accountFor(ctx, body.Email, deref(body.Name), body.Password)
}

// accountFor returns a fresh account, which is stored nowhere yet; what is wrong with its
// fields is a problem.
func (s *Server) accountFor(ctx context.Context, email, name, password string) (postgres.Account, error) {
	email, err := emailOf(email)
	if err != nil {
		return postgres.Account{}, err
	}
	hash, err := s.hashPassword(ctx, "password", password)
	if err != nil {
		return postgres.Account{}, err
	}
	now := s.Now()
	return postgres.Account{
		ID: uptime.NewID(now), Email: email, Name: postgres.PlainText(strings.TrimSpace(name)), PasswordHash: hash, CreatedAt: now,
	}, nil
}

// ownName makes up a name for an organisation of one person.
func ownName(name, email string) string {
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	return name + "'s websites"
}
