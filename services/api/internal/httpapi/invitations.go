package httpapi

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// invitationLasts is for how long an invitation can be accepted.
const invitationLasts = 7 * day

// ListInvitations implements [api.StrictServerInterface].
func (s *Server) ListInvitations(ctx context.Context, r api.ListInvitationsRequestObject) (api.ListInvitationsResponseObject, error) {
	after, err := fromCursor(cursorInvitation, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(r.Params.Limit)
	invitations, err := s.Store.Invitations(ctx, callerOf(ctx).Org, after, limit+1)
	if err != nil {
		return nil, err
	}
	invitations, more := page(invitations, limit)
	out := api.InvitationPage{Items: make([]api.Invitation, len(invitations)), NextCursor: null[string]()}
	for i := range invitations {
		out.Items[i] = invitationView(&invitations[i])
	}
	if more {
		out.NextCursor = cursorOf(cursorInvitation, invitations[limit-1].ID)
	}
	return api.ListInvitations200JSONResponse(out), nil
}

// CreateInvitation implements [api.StrictServerInterface].
func (s *Server) CreateInvitation(ctx context.Context, r api.CreateInvitationRequestObject) (api.CreateInvitationResponseObject, error) {
	caller := callerOf(ctx)
	email, err := emailOf(r.Body.Email)
	if err != nil {
		return nil, err
	}
	if err := mayManage(&caller, string(r.Body.Role)); err != nil {
		return nil, err
	}
	token := auth.NewToken()
	hash, _ := auth.ParseToken(token) // it is one
	now := s.Now()
	i := postgres.Invitation{
		ID: uptime.NewID(now), OrgID: caller.Org, Email: email, Role: string(r.Body.Role), Hash: hash, InvitedBy: caller.Name,
		CreatedAt: now, ExpiresAt: now.Add(invitationLasts),
	}
	mailed := false
	i, err = s.Store.CreateInvitation(ctx, i, func(tx pgx.Tx, org postgres.Org) (err error) {
		mailed, err = s.invite(ctx, tx, &i, &org, token)
		return err
	})
	var again *postgres.Invited
	switch {
	case errors.As(err, &again):
		p := conflict("invited", "This address is invited already: send that invitation again, or take it back.")
		p.existing = &again.ID
		return nil, p
	case errors.Is(err, postgres.ErrMember):
		return nil, conflict("member", "Whoever has this address belongs to the organisation already.")
	case err != nil:
		return nil, fromStore(err, "organisation")
	}
	return api.CreateInvitation201JSONResponse(s.invitationShown(&i, token, mailed)), nil
}

// ResendInvitation implements [api.StrictServerInterface].
func (s *Server) ResendInvitation(ctx context.Context, r api.ResendInvitationRequestObject) (api.ResendInvitationResponseObject, error) {
	caller := callerOf(ctx)
	token := auth.NewToken()
	hash, _ := auth.ParseToken(token) // it is one
	mailed := false
	var i postgres.Invitation
	_, err := s.Store.RenewInvitation(ctx, caller.Org, r.ID, hash, s.Now().Add(invitationLasts), func(renewed postgres.Invitation) error {
		i = renewed
		return mayManage(&caller, i.Role)
	}, func(tx pgx.Tx, org postgres.Org) (err error) {
		mailed, err = s.invite(ctx, tx, &i, &org, token)
		return err
	})
	if err != nil {
		return nil, fromStore(err, "invitation")
	}
	return api.ResendInvitation200JSONResponse(s.invitationShown(&i, token, mailed)), nil
}

// invite writes the letter of an invitation and tells whether it will be sent.
func (s *Server) invite(ctx context.Context, tx pgx.Tx, i *postgres.Invitation, org *postgres.Org, token string) (bool, error) {
	return s.post(ctx, tx, letter.Letter{
		Kind: letter.Invitation, To: i.Email, Link: s.pageLink(pageInvite, token), Organisation: org.Name, By: i.InvitedBy,
		Role: i.Role, Until: i.ExpiresAt,
	})
}

// DeleteInvitation implements [api.StrictServerInterface].
func (s *Server) DeleteInvitation(ctx context.Context, r api.DeleteInvitationRequestObject) (api.DeleteInvitationResponseObject, error) {
	caller := callerOf(ctx)
	err := s.Store.DeleteInvitation(ctx, caller.Org, r.ID, func(i postgres.Invitation) error { return mayManage(&caller, i.Role) })
	if err != nil {
		return nil, fromStore(err, "invitation")
	}
	return api.DeleteInvitation204Response{}, nil
}

// GetInvited implements [api.StrictServerInterface].
func (s *Server) GetInvited(ctx context.Context, r api.GetInvitedRequestObject) (api.GetInvitedResponseObject, error) {
	i, org, account, err := s.invited(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	return api.GetInvited200JSONResponse(api.Invited{
		Email: i.Email, Organisation: org, Role: api.Role(i.Role), InvitedBy: i.InvitedBy, HasAccount: account, ExpiresAt: i.ExpiresAt.UTC(),
	}), nil
}

// invited returns the invitation with a token, its organisation's name, and whether its
// address has an account.
func (s *Server) invited(ctx context.Context, token string) (i postgres.Invitation, org string, account bool, err error) {
	hash, ok := auth.ParseToken(token)
	if !ok {
		return i, "", false, notFound("invitation; it may have been accepted, taken back, or be older than 7 days")
	}
	i, org, account, err = s.Store.InvitationByHash(ctx, hash, s.Now())
	return i, org, account, fromStore(err, "invitation; it may have been accepted, taken back, or be older than 7 days")
}

// AcceptInvitation implements [api.StrictServerInterface]. The token shows who was invited
// to a new account; an account that there is has to be signed in.
func (s *Server) AcceptInvitation(ctx context.Context, r api.AcceptInvitationRequestObject) (api.AcceptInvitationResponseObject, error) {
	i, _, known, err := s.invited(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	if known {
		me, err := s.join(ctx, &i)
		return api.AcceptInvitation201JSONResponse(me), err
	}
	body := deref(r.Body)
	if body.Password == nil {
		return nil, invalidField("password", "is needed for a new account")
	}
	a, err := s.accountFor(ctx, i.Email, deref(body.Name), *body.Password)
	if err != nil {
		return nil, err
	}
	ctx = postgres.WithActor(ctx, visitOf(ctx).actor(&a))
	if _, err := s.Store.AcceptInvitation(ctx, i.Hash, s.Now(), uptime.ID{}, a); err != nil {
		return nil, acceptError(err)
	}
	me, err := s.signIn(ctx, &a, i.OrgID, false)
	return api.AcceptInvitation201JSONResponse(me), err
}

// join makes who is signed in a member, if the invitation is to them, and has their
// session go on in the organisation.
func (s *Server) join(ctx context.Context, i *postgres.Invitation) (api.Me, error) {
	v := visitOf(ctx)
	signedOut := conflict("sign-in-first", "This address has an account: sign in with it first.")
	if v.token == "" {
		return api.Me{}, signedOut
	}
	caller, err := s.visitor(ctx, v)
	if errors.Is(err, ErrDenied) {
		return api.Me{}, signedOut
	}
	if err != nil {
		return api.Me{}, err
	}
	a, err := s.Store.Account(ctx, caller.Account)
	if err != nil {
		return api.Me{}, fromStore(err, "account")
	}
	ctx = postgres.WithActor(ctx, v.actor(&a))
	if _, err := s.Store.AcceptInvitation(ctx, i.Hash, s.Now(), a.ID, postgres.Account{}); err != nil {
		return api.Me{}, acceptError(err)
	}
	if err := s.Store.SwitchSession(ctx, caller.Session, i.OrgID); err != nil {
		return api.Me{}, fromStore(err, "session")
	}
	s.Sessions.Forget(a.ID)
	return s.meOf(ctx, &a, i.OrgID)
}

func acceptError(err error) error {
	switch {
	case errors.Is(err, postgres.ErrOtherAccount):
		return conflict("other-address", "The invitation is to another e-mail address than yours: sign in with the account that it is to.")
	case errors.Is(err, postgres.ErrConflict):
		return conflict("sign-in-first", "This address has an account: sign in with it first.")
	}
	return fromStore(err, "invitation; it may have been accepted, taken back, or be older than 7 days")
}

func invitationView(i *postgres.Invitation) api.Invitation {
	return api.Invitation{
		ID: i.ID, Email: i.Email, Role: api.Role(i.Role), InvitedBy: i.InvitedBy, CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC(),
	}
}

// invitationShown is an invitation with its link, as the answers that make one have it.
func (s *Server) invitationShown(i *postgres.Invitation, token string, mailed bool) api.InvitationShown {
	v := invitationView(i)
	return api.InvitationShown{
		ID: v.ID, Email: v.Email, Role: v.Role, InvitedBy: v.InvitedBy, CreatedAt: v.CreatedAt, ExpiresAt: v.ExpiresAt,
		URL: s.pageLink(pageInvite, token), Mailed: mailed,
	}
}
