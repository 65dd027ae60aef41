package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// PasswordReset is a link by which an account gets a new password. Hash is of its token.
type PasswordReset struct {
	Hash      []byte
	AccountID uptime.ID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// CreatePasswordReset stores a link, in place of those before.
func CreatePasswordReset(ctx context.Context, tx pgx.Tx, r PasswordReset) error {
	if err := DropPasswordResets(ctx, tx, r.AccountID); err != nil {
		return err
	}
	err := dbgen.New(tx).InsertPasswordReset(ctx, dbgen.InsertPasswordResetParams{
		Hash: r.Hash, AccountID: r.AccountID, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
	})
	if err != nil {
		return fmt.Errorf("create link for a new password: %w", err)
	}
	return nil
}

// PasswordResetAccount returns the account that a link is for, or ErrNotFound.
func (s *Store) PasswordResetAccount(ctx context.Context, hash []byte, at time.Time) (uptime.ID, error) {
	id, err := s.q.PasswordResetAccount(ctx, dbgen.PasswordResetAccountParams{Hash: hash, At: at})
	if err != nil {
		return id, fmt.Errorf("link for a new password: %w", classify(err))
	}
	return id, nil
}

// ResetPassword uses a link up: its account gets a password's hash and loses every
// session. Then is the rest of the same transaction. A link that does not work, or does no
// longer, is ErrNotFound.
func (s *Store) ResetPassword(ctx context.Context, hash []byte, passwordHash string, at time.Time, then func(pgx.Tx, *Account) error) (Account, error) {
	var out Account
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		id, err := q.TakePasswordReset(ctx, dbgen.TakePasswordResetParams{Hash: hash, At: at})
		if err != nil {
			return fmt.Errorf("link for a new password: %w", classify(err))
		}
		row, err := q.SetPasswordHash(ctx, dbgen.SetPasswordHashParams{ID: id, PasswordHash: passwordHash})
		if err != nil {
			return fmt.Errorf("set password: %w", classify(err))
		}
		out = accountOf(row)
		if err := EndSessions(ctx, tx, id, uptime.ID{}); err != nil {
			return err
		}
		return then(tx, &out)
	})
	return out, err
}

// DropPasswordResets ends the links of an account.
func DropPasswordResets(ctx context.Context, tx pgx.Tx, account uptime.ID) error {
	if err := dbgen.New(tx).DropPasswordResets(ctx, account); err != nil {
		return fmt.Errorf("end links for a new password: %w", err)
	}
	return nil
}
