package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// resetLasts is how long a link for a new password works.
const resetLasts = time.Hour

// resetAnswer is how long asking for a link takes, with an account or without one: neither
// the answer nor its time tells whether there is one.
const resetAnswer = 250 * time.Millisecond

// RequestPasswordReset implements [api.StrictServerInterface].
func (s *Server) RequestPasswordReset(ctx context.Context, r api.RequestPasswordResetRequestObject) (api.RequestPasswordResetResponseObject, error) {
	if !s.mails() {
		return nil, &problem{
			status: http.StatusServiceUnavailable, kind: "no-mail", title: "No mail",
			detail: "The fleet sends no mail: an administrator can run `api reset-password <email>`.",
		}
	}
	email, err := emailOf(r.Body.Email)
	if err != nil {
		return nil, err
	}
	err = s.attempt(ctx, []limit{
		{subject: auth.Subject("reset", email), throttle: auth.ResetThrottle},
		{subject: auth.Subject("reset address", subnet(visitOf(ctx).address)), throttle: auth.ResetAddressThrottle},
	})
	if err != nil {
		return nil, err
	}
	answer := time.NewTimer(resetAnswer)
	defer answer.Stop()
	if err := s.sendReset(ctx, email); err != nil {
		return nil, err
	}
	select {
	case <-answer.C:
		return api.RequestPasswordReset202Response{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sendReset makes a link for the account of an address, if there is one, and mails it.
func (s *Server) sendReset(ctx context.Context, email string) error {
	a, err := s.Store.AccountByEmail(ctx, email)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	token := auth.NewToken()
	reset := NewReset(a.ID, token, s.Now())
	return s.Store.Tx(ctx, func(tx pgx.Tx) error {
		if err := postgres.CreatePasswordReset(ctx, tx, reset); err != nil {
			return err
		}
		_, err := s.post(ctx, tx, letter.Letter{
			Kind: letter.PasswordReset, To: a.Email, Link: s.pageLink(PageReset, token), Until: reset.ExpiresAt,
		})
		return err
	})
}

// NewReset returns the link that a token makes for an account.
func NewReset(account uptime.ID, token string, now time.Time) postgres.PasswordReset {
	hash, _ := auth.ParseToken(token) // it is one
	return postgres.PasswordReset{Hash: hash, AccountID: account, CreatedAt: now, ExpiresAt: now.Add(resetLasts)}
}

// ResetPassword implements [api.StrictServerInterface].
func (s *Server) ResetPassword(ctx context.Context, r api.ResetPasswordRequestObject) (api.ResetPasswordResponseObject, error) {
	gone := notFound("link, or it has been used or is too old")
	hash, ok := auth.ParseToken(strings.TrimSpace(r.Token))
	if !ok {
		return nil, gone
	}
	id, err := s.Store.PasswordResetAccount(ctx, hash, s.Now()) // before a hash is made for nothing
	if err != nil {
		return nil, fromStore(err, "link, or it has been used or is too old")
	}
	password, err := s.hashPassword(ctx, "password", r.Body.Password)
	if err != nil {
		return nil, err
	}
	before, err := s.Store.Account(ctx, id)
	if err != nil {
		return nil, fromStore(err, "account")
	}
	ctx = postgres.WithActor(ctx, visitOf(ctx).actor(&before))
	a, err := s.Store.ResetPassword(ctx, hash, password, s.Now(), func(tx pgx.Tx, a *postgres.Account) error {
		_, err := s.post(ctx, tx, letter.Letter{Kind: letter.PasswordChanged, To: a.Email})
		return err
	})
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	s.Sessions.Forget(a.ID)
	return api.ResetPassword204Response{}, nil
}
