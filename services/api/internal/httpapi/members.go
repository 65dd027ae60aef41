package httpapi

import (
	"context"
	"errors"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListMembers implements [api.StrictServerInterface].
func (s *Server) ListMembers(ctx context.Context, r api.ListMembersRequestObject) (api.ListMembersResponseObject, error) {
	after, err := fromCursor(cursorMember, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(r.Params.Limit)
	members, err := s.Store.Members(ctx, callerOf(ctx).Org, after, limit+1)
	if err != nil {
		return nil, err
	}
	members, more := page(members, limit)
	out := api.MemberPage{Items: make([]api.Member, len(members)), NextCursor: null[string]()}
	for i := range members {
		out.Items[i] = memberView(&members[i])
	}
	if more {
		out.NextCursor = cursorOf(cursorMember, members[limit-1].AccountID)
	}
	return api.ListMembers200JSONResponse(out), nil
}

// UpdateMember implements [api.StrictServerInterface].
func (s *Server) UpdateMember(ctx context.Context, r api.UpdateMemberRequestObject) (api.UpdateMemberResponseObject, error) {
	caller := callerOf(ctx)
	role := string(r.Body.Role)
	m, err := s.Store.SetRole(ctx, caller.Org, r.ID, role, func(m postgres.Member) error {
		return mayManage(&caller, m.Role, role)
	})
	if err != nil {
		return nil, memberError(err, "member")
	}
	s.Sessions.Forget(r.ID)
	versioned(ctx, m.Version())
	return api.UpdateMember200JSONResponse(memberView(&m)), nil
}

// RemoveMember implements [api.StrictServerInterface].
func (s *Server) RemoveMember(ctx context.Context, r api.RemoveMemberRequestObject) (api.RemoveMemberResponseObject, error) {
	caller := callerOf(ctx)
	err := s.Store.RemoveMember(ctx, caller.Org, r.ID, func(m postgres.Member) error {
		return mayManage(&caller, m.Role)
	})
	if err != nil {
		return nil, memberError(err, "member")
	}
	s.Sessions.Forget(r.ID)
	return api.RemoveMember204Response{}, nil
}

// mayManage refuses whoever is no owner to make, unmake or invite one.
func mayManage(caller *Caller, roles ...string) error {
	for _, role := range roles {
		if role == postgres.RoleOwner && caller.Role != postgres.RoleOwner {
			return forbidden("Only an owner who is signed in makes, changes or removes owners.")
		}
	}
	return nil
}

// memberError is what the caller is told of a change of a member that failed.
func memberError(err error, what string) error {
	if errors.Is(err, postgres.ErrLastOwner) {
		return conflict("last-owner", "The organisation has no other owner: make somebody else one first, or delete it.")
	}
	return fromStore(err, what)
}

func memberView(m *postgres.Member) api.Member {
	return api.Member{
		ID: m.AccountID, Email: m.Email, Name: m.Name, Role: api.Role(m.Role), Totp: m.TOTP, Since: m.Since.UTC(),
		LastSignInAt: nullTime(m.LastSignInAt),
	}
}
