package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// DeleteMe implements [api.StrictServerInterface].
func (s *Server) DeleteMe(context.Context, api.DeleteMeRequestObject) (api.DeleteMeResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// GetMe implements [api.StrictServerInterface].
func (s *Server) GetMe(context.Context, api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// UpdateMe implements [api.StrictServerInterface].
func (s *Server) UpdateMe(context.Context, api.UpdateMeRequestObject) (api.UpdateMeResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// RenewRecoveryCodes implements [api.StrictServerInterface].
func (s *Server) RenewRecoveryCodes(context.Context, api.RenewRecoveryCodesRequestObject) (api.RenewRecoveryCodesResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// RemoveTotp implements [api.StrictServerInterface].
func (s *Server) RemoveTotp(context.Context, api.RemoveTotpRequestObject) (api.RemoveTotpResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// BeginTotp implements [api.StrictServerInterface].
func (s *Server) BeginTotp(context.Context, api.BeginTotpRequestObject) (api.BeginTotpResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ConfirmTotp implements [api.StrictServerInterface].
func (s *Server) ConfirmTotp(context.Context, api.ConfirmTotpRequestObject) (api.ConfirmTotpResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// RequestPasswordReset implements [api.StrictServerInterface].
func (s *Server) RequestPasswordReset(context.Context, api.RequestPasswordResetRequestObject) (api.RequestPasswordResetResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ResetPassword implements [api.StrictServerInterface].
func (s *Server) ResetPassword(context.Context, api.ResetPasswordRequestObject) (api.ResetPasswordResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// SignOut implements [api.StrictServerInterface].
func (s *Server) SignOut(context.Context, api.SignOutRequestObject) (api.SignOutResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ListSessions implements [api.StrictServerInterface].
func (s *Server) ListSessions(context.Context, api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// SignIn implements [api.StrictServerInterface].
func (s *Server) SignIn(context.Context, api.SignInRequestObject) (api.SignInResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// EndSession implements [api.StrictServerInterface].
func (s *Server) EndSession(context.Context, api.EndSessionRequestObject) (api.EndSessionResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// GetSetup implements [api.StrictServerInterface].
func (s *Server) GetSetup(context.Context, api.GetSetupRequestObject) (api.GetSetupResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// SetUp implements [api.StrictServerInterface].
func (s *Server) SetUp(context.Context, api.SetUpRequestObject) (api.SetUpResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// SignUp implements [api.StrictServerInterface].
func (s *Server) SignUp(context.Context, api.SignUpRequestObject) (api.SignUpResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
