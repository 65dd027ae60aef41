package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// The roles of an account in an organisation.
const (
	RoleOwner  = "owner"
	RoleAdmin  = "admin"
	RoleEditor = "editor"
	RoleViewer = "viewer"
)

// Account is a person who may sign in. PasswordHash is argon2id in PHC form.
type Account struct {
	ID           uptime.ID
	Email        string
	Name         string
	PasswordHash string
	CreatedAt    time.Time
}

// firstRows serialises the first start of several replicas: each of them would find
// the table empty.
const firstRows = 7205760

// CreateFirstAccount stores an account, the owner of an organisation, if there is none
// at all, and tells whether it did.
func (s *Store) CreateFirstAccount(ctx context.Context, a Account, org uptime.ID) (bool, error) {
	created := false
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", firstRows); err != nil {
			return err
		}
		n, err := q.CountAccounts(ctx)
		if err != nil || n > 0 {
			return err
		}
		created = true
		err = q.InsertAccount(ctx, dbgen.InsertAccountParams{ID: a.ID, Email: a.Email, Name: a.Name, PasswordHash: a.PasswordHash})
		if err != nil {
			return err
		}
		return q.InsertMembership(ctx, dbgen.InsertMembershipParams{AccountID: a.ID, OrgID: org, Role: RoleOwner})
	})
	if err != nil {
		return false, fmt.Errorf("create first account: %w", classify(err))
	}
	return created, nil
}

// HasAccounts tells whether anybody may sign in.
func (s *Store) HasAccounts(ctx context.Context) (bool, error) {
	n, err := s.q.CountAccounts(ctx)
	if err != nil {
		return false, fmt.Errorf("count accounts: %w", err)
	}
	return n > 0, nil
}

// AccountByEmail returns the account of an address, in any case, or ErrNotFound.
func (s *Store) AccountByEmail(ctx context.Context, email string) (Account, error) {
	r, err := s.q.AccountByEmail(ctx, email)
	if err != nil {
		return Account{}, fmt.Errorf("account: %w", classify(err))
	}
	return Account{ID: r.ID, Email: r.Email, Name: r.Name, PasswordHash: r.PasswordHash, CreatedAt: r.CreatedAt}, nil
}
