package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/mail"
	"strings"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// SignIn implements [api.StrictServerInterface]. An address without an account gets the
// same answers in the same time.
func (s *Server) SignIn(ctx context.Context, r api.SignInRequestObject) (api.SignInResponseObject, error) {
	email := strings.TrimSpace(r.Body.Email)
	limits := signInLimits(ctx, email)
	if err := s.attempt(ctx, limits); err != nil {
		return nil, err
	}
	a, err := s.proven(ctx, email, r.Body.Password, deref(r.Body.Code))
	if err != nil {
		return nil, errors.Join(err, s.unlessGuessed(ctx, limits, err))
	}
	if err := s.succeeded(ctx, limits); err != nil {
		return nil, err
	}
	me, err := s.signIn(ctx, &a, uptime.ID{}, deref(r.Body.Remember))
	if err != nil {
		return nil, err
	}
	return api.SignIn201JSONResponse(me), nil
}

// The answers to who does not show who they are.
var (
	errCredentials = &problem{
		status: http.StatusUnauthorized, kind: "credentials", title: "Not signed in", detail: "The e-mail address or the password is wrong.",
	}
	errCodeNeeded = &problem{
		status: http.StatusUnauthorized, kind: "second-factor", title: "A second factor is needed",
		detail: "Send the code of your authenticator app, or a recovery code, beside the password.",
	}
	errCodeWrong = &problem{
		status: http.StatusUnauthorized, kind: "second-factor", title: "A second factor is needed",
		detail: "The code is wrong, or was used already.",
	}
)

// unlessGuessed forgives an attempt that failed otherwise than by a wrong guess.
func (s *Server) unlessGuessed(ctx context.Context, limits []limit, err error) error {
	if errors.Is(err, errCredentials) || errors.Is(err, errCodeWrong) {
		return nil
	}
	return s.forgive(ctx, limits)
}

// proven returns the account whose password and, if it has a second factor, code these are.
func (s *Server) proven(ctx context.Context, email, password, code string) (postgres.Account, error) {
	a, err := s.Store.AccountByEmail(ctx, email)
	if err != nil && !errors.Is(err, postgres.ErrNotFound) {
		return a, err
	}
	return a, s.shown(ctx, &a, password, &code)
}

// shown tells whether a password is an account's, nobody's for a zero one, and the code
// that of its second factor, if it has one; a nil code is not asked for.
func (s *Server) shown(ctx context.Context, a *postgres.Account, password string, code *string) error {
	switch ok, err := s.checkPassword(ctx, password, a.PasswordHash); {
	case err != nil:
		return err
	case !ok:
		return errCredentials
	case code == nil || a.TOTPSince.IsZero():
		return nil
	case *code == "":
		return errCodeNeeded
	}
	ok, err := s.takeCode(ctx, a, *code)
	if err == nil && !ok {
		err = errCodeWrong
	}
	return err
}

// signIn starts a session of an account and returns who that is. The session works in
// the organisation, or for the zero id where the account was last.
func (s *Server) signIn(ctx context.Context, a *postgres.Account, org uptime.ID, remember bool) (api.Me, error) {
	session, token, err := s.startSession(ctx, a.ID, org, remember)
	if err != nil {
		return api.Me{}, err
	}
	me, err := s.meOf(ctx, a, session.OrgID)
	if err != nil {
		return api.Me{}, err
	}
	visitOf(ctx).signedIn(token, remember)
	return me, nil
}

// startSession makes a session with a token of its own, whatever cookie came with the
// request: that session ends, so that nobody goes on with a token from before.
func (s *Server) startSession(ctx context.Context, account, org uptime.ID, remember bool) (session postgres.Session, token string, err error) {
	v := visitOf(ctx)
	if err := s.endVisit(ctx, v); err != nil {
		return session, "", err
	}
	token = auth.NewToken()
	hash, _ := auth.ParseToken(token) // it is one
	now := s.Now()
	session, err = s.Store.CreateSession(ctx, postgres.Session{
		ID: uptime.NewID(now), AccountID: account, OrgID: org, Hash: hash, Address: v.address, UserAgent: v.userAgent,
		Remember: remember, CreatedAt: now, ExpiresAt: auth.SessionExpiry(now, now, remember),
	})
	if err != nil {
		return session, "", err
	}
	return session, token, s.Store.NoteSignIn(ctx, account, now)
}

// endVisit ends the session whose cookie came with the request, if there is one.
func (s *Server) endVisit(ctx context.Context, v *visit) error {
	hash, ok := auth.ParseToken(v.token)
	if !ok {
		return nil
	}
	known, err := s.Sessions.Check(ctx, v.token)
	if err != nil && !errors.Is(err, auth.ErrDenied) {
		return err
	}
	if err := s.Store.EndSessionByHash(ctx, hash); err != nil {
		return err
	}
	s.Sessions.Forget(known.AccountID)
	return nil
}

// SignOut implements [api.StrictServerInterface].
func (s *Server) SignOut(ctx context.Context, _ api.SignOutRequestObject) (api.SignOutResponseObject, error) {
	caller := callerOf(ctx)
	if err := s.Store.EndSession(ctx, caller.Account, caller.Session); err != nil && !errors.Is(err, postgres.ErrNotFound) {
		return nil, err
	}
	s.Sessions.Forget(caller.Account)
	visitOf(ctx).signedOut()
	return api.SignOut204Response{}, nil
}

// ListSessions implements [api.StrictServerInterface].
func (s *Server) ListSessions(ctx context.Context, _ api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	caller := callerOf(ctx)
	sessions, err := s.Store.Sessions(ctx, caller.Account, s.Now())
	if err != nil {
		return nil, err
	}
	out := api.SessionList{Items: make([]api.Session, len(sessions))}
	for i, one := range sessions {
		out.Items[i] = api.Session{
			ID: one.ID, Current: one.ID == caller.Session, Address: one.Address, UserAgent: one.UserAgent,
			CreatedAt: one.CreatedAt.UTC(), LastSeenAt: one.LastSeenAt.UTC(), ExpiresAt: one.ExpiresAt.UTC(),
		}
	}
	return api.ListSessions200JSONResponse(out), nil
}

// EndSession implements [api.StrictServerInterface].
func (s *Server) EndSession(ctx context.Context, r api.EndSessionRequestObject) (api.EndSessionResponseObject, error) {
	caller := callerOf(ctx)
	if err := s.Store.EndSession(ctx, caller.Account, r.ID); err != nil {
		return nil, fromStore(err, "session")
	}
	s.Sessions.Forget(caller.Account)
	if r.ID == caller.Session {
		visitOf(ctx).signedOut()
	}
	return api.EndSession204Response{}, nil
}

// emailOf returns an e-mail address as it is kept, or says what is wrong with the field email.
func emailOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || a.Name != "" || strings.ContainsAny(text, "\"<>()[]\\,;: \r\n\t") {
		return "", invalidField("email", "is not an e-mail address")
	}
	return text, nil
}
