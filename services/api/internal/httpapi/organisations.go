package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListInvitations implements [api.StrictServerInterface].
func (s *Server) ListInvitations(context.Context, api.ListInvitationsRequestObject) (api.ListInvitationsResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// CreateInvitation implements [api.StrictServerInterface].
func (s *Server) CreateInvitation(context.Context, api.CreateInvitationRequestObject) (api.CreateInvitationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// DeleteInvitation implements [api.StrictServerInterface].
func (s *Server) DeleteInvitation(context.Context, api.DeleteInvitationRequestObject) (api.DeleteInvitationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ResendInvitation implements [api.StrictServerInterface].
func (s *Server) ResendInvitation(context.Context, api.ResendInvitationRequestObject) (api.ResendInvitationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// GetInvited implements [api.StrictServerInterface].
func (s *Server) GetInvited(context.Context, api.GetInvitedRequestObject) (api.GetInvitedResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// AcceptInvitation implements [api.StrictServerInterface].
func (s *Server) AcceptInvitation(context.Context, api.AcceptInvitationRequestObject) (api.AcceptInvitationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ListMembers implements [api.StrictServerInterface].
func (s *Server) ListMembers(context.Context, api.ListMembersRequestObject) (api.ListMembersResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// RemoveMember implements [api.StrictServerInterface].
func (s *Server) RemoveMember(context.Context, api.RemoveMemberRequestObject) (api.RemoveMemberResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// UpdateMember implements [api.StrictServerInterface].
func (s *Server) UpdateMember(context.Context, api.UpdateMemberRequestObject) (api.UpdateMemberResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// DeleteOrganisation implements [api.StrictServerInterface].
func (s *Server) DeleteOrganisation(context.Context, api.DeleteOrganisationRequestObject) (api.DeleteOrganisationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// GetOrganisation implements [api.StrictServerInterface].
func (s *Server) GetOrganisation(context.Context, api.GetOrganisationRequestObject) (api.GetOrganisationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// UpdateOrganisation implements [api.StrictServerInterface].
func (s *Server) UpdateOrganisation(context.Context, api.UpdateOrganisationRequestObject) (api.UpdateOrganisationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ListOrganisations implements [api.StrictServerInterface].
func (s *Server) ListOrganisations(context.Context, api.ListOrganisationsRequestObject) (api.ListOrganisationsResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// CreateOrganisation implements [api.StrictServerInterface].
func (s *Server) CreateOrganisation(context.Context, api.CreateOrganisationRequestObject) (api.CreateOrganisationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// SwitchOrganisation implements [api.StrictServerInterface].
func (s *Server) SwitchOrganisation(context.Context, api.SwitchOrganisationRequestObject) (api.SwitchOrganisationResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
