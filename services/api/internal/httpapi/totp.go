package httpapi

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// BeginTotp implements [api.StrictServerInterface].
func (s *Server) BeginTotp(ctx context.Context, r api.BeginTotpRequestObject) (api.BeginTotpResponseObject, error) {
	if s.Box == nil {
		return nil, errNoBox
	}
	if _, err := s.prove(ctx, r.Body.Password, r.Body.Code); err != nil {
		return nil, err
	}
	secret := auth.NewTOTP()
	a, err := s.Store.UpdateAccount(ctx, callerOf(ctx).Account, func(a *postgres.Account) error {
		if !a.TOTPSince.IsZero() {
			return conflict("second-factor", "There is a second factor already: remove it first.")
		}
		a.TOTPSealed, a.TOTPStep = s.Box.Seal([]byte(secret), postgres.TOTPPlace(a.ID)...), 0
		return nil
	}, nil)
	if err != nil {
		return nil, fromStore(err, "account")
	}
	url, err := auth.TOTPURL(secret, a.Email)
	if err != nil {
		return nil, err
	}
	image, err := auth.QRCode(url)
	if err != nil {
		return nil, err
	}
	return api.BeginTotp201JSONResponse{Secret: secret, URL: url, QrSvg: image}, nil
}

// ConfirmTotp implements [api.StrictServerInterface].
func (s *Server) ConfirmTotp(ctx context.Context, r api.ConfirmTotpRequestObject) (api.ConfirmTotpResponseObject, error) {
	limits := signInLimits(ctx, callerOf(ctx).Name)
	if err := s.attempt(ctx, limits); err != nil {
		return nil, err
	}
	codes, hashes := auth.NewRecoveryCodes()
	wrong := false
	_, err := s.Store.UpdateAccount(ctx, callerOf(ctx).Account, func(a *postgres.Account) error {
		if !a.TOTPSince.IsZero() || a.TOTPSealed == nil {
			return conflict("second-factor", "There is no second factor to confirm.")
		}
		secret, err := s.totpSecret(a)
		if err != nil {
			return err
		}
		step, ok := auth.TOTPStep(secret, r.Body.Code, s.Now())
		if !ok {
			wrong = true
			return invalidField("code", "is wrong")
		}
		a.TOTPSince, a.TOTPStep, a.RecoveryHashes = s.Now(), step, hashes
		return nil
	}, s.telling(ctx, letter.FactorAdded))
	if !wrong {
		if err := s.forgive(ctx, limits); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, fromStore(err, "account")
	}
	return api.ConfirmTotp200JSONResponse{RecoveryCodes: codes}, nil
}

// RemoveTotp implements [api.StrictServerInterface].
func (s *Server) RemoveTotp(ctx context.Context, r api.RemoveTotpRequestObject) (api.RemoveTotpResponseObject, error) {
	code := deref(r.Body.Code)
	before, err := s.prove(ctx, r.Body.Password, &code)
	if err != nil {
		return nil, err
	}
	var then func(pgx.Tx) error
	if !before.TOTPSince.IsZero() {
		then = s.telling(ctx, letter.FactorRemoved)
	}
	_, err = s.Store.UpdateAccount(ctx, before.ID, func(a *postgres.Account) error {
		a.TOTPSealed, a.TOTPSince, a.TOTPStep, a.RecoveryHashes = nil, time.Time{}, 0, nil
		return nil
	}, then)
	if err != nil {
		return nil, fromStore(err, "account")
	}
	return api.RemoveTotp204Response{}, nil
}

// RenewRecoveryCodes implements [api.StrictServerInterface].
func (s *Server) RenewRecoveryCodes(ctx context.Context, r api.RenewRecoveryCodesRequestObject) (api.RenewRecoveryCodesResponseObject, error) {
	code := deref(r.Body.Code)
	before, err := s.prove(ctx, r.Body.Password, &code)
	if err != nil {
		return nil, err
	}
	codes, hashes := auth.NewRecoveryCodes()
	_, err = s.Store.UpdateAccount(ctx, before.ID, func(a *postgres.Account) error {
		if a.TOTPSince.IsZero() {
			return conflict("second-factor", "There is no second factor that recovery codes could stand in for.")
		}
		a.RecoveryHashes = hashes
		return nil
	}, s.telling(ctx, letter.CodesRenewed))
	if err != nil {
		return nil, fromStore(err, "account")
	}
	return api.RenewRecoveryCodes200JSONResponse{RecoveryCodes: codes}, nil
}

// telling writes a letter of a change to who calls, in its transaction.
func (s *Server) telling(ctx context.Context, kind letter.Kind) func(pgx.Tx) error {
	return func(tx pgx.Tx) error {
		_, err := s.post(ctx, tx, letter.Letter{Kind: kind, To: callerOf(ctx).Name})
		return err
	}
}

// takeCode uses up a code of an account's second factor or a recovery code, and tells
// whether it was one.
func (s *Server) takeCode(ctx context.Context, a *postgres.Account, code string) (bool, error) {
	if hash, ok := auth.ParseRecoveryCode(code); ok {
		return s.Store.TakeRecoveryCode(ctx, a.ID, hash)
	}
	secret, err := s.totpSecret(a)
	if err != nil {
		return false, err
	}
	step, ok := auth.TOTPStep(secret, code, s.Now())
	if !ok {
		return false, nil
	}
	return s.Store.TakeTOTPStep(ctx, a.ID, step)
}

func (s *Server) totpSecret(a *postgres.Account) (string, error) {
	if s.Box == nil {
		return "", errNoBox
	}
	secret, err := s.Box.Open(a.TOTPSealed, postgres.TOTPPlace(a.ID)...)
	return string(secret), err
}
