package postgres

import (
	"context"
	"errors"
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

// ActorAccount is the kind of actor that an account is.
const ActorAccount = "account"

// ErrLastOwner is returned for what would leave an organisation without an owner.
var ErrLastOwner = errors.New("the organisation has no other owner")

// maxMemberships bounds how many organisations of one account are read.
const maxMemberships = 1000

// Account is a person who may sign in. PasswordHash is argon2id in PHC form.
type Account struct {
	ID             uptime.ID
	Email          string
	Name           string
	PasswordHash   string
	TOTPSealed     []byte    // the second factor's secret; see [TOTPPlace]
	TOTPSince      time.Time // it is asked for; zero with a secret: not confirmed yet
	TOTPStep       int64     // of the last code taken
	RecoveryHashes [][]byte  // of the recovery codes that are left
	CreatedAt      time.Time
	LastSignInAt   time.Time // zero: never
}

// TOTPPlace is the additional data under which the secret of an account's second factor
// is sealed. An account is of no tenant.
func TOTPPlace(account uptime.ID) []string {
	return []string{"", "account/" + account.String(), "totp"}
}

// Membership is an organisation of an account, and its role there.
type Membership struct {
	Org   Org // without its time
	Role  string
	Since time.Time
}

// firstRows serialises the first start of several replicas: each of them would find
// the table empty.
const firstRows = 7205760

// CreateFirstAccount stores an account, the owner of an organisation, if there is none
// at all, and tells whether it did. The organisation gets the name unless that is empty.
func (s *Store) CreateFirstAccount(ctx context.Context, a Account, org uptime.ID, name string) (bool, error) {
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
		if err := CreateMember(ctx, tx, a, org, RoleOwner); err != nil || name == "" {
			return err
		}
		return q.RenameOrg(ctx, dbgen.RenameOrgParams{ID: org, Name: PlainText(name)})
	})
	if err != nil {
		return false, fmt.Errorf("create first account: %w", classify(err))
	}
	return created, nil
}

// CreateMember stores an account with its first membership in a transaction; an address
// that is taken is ErrConflict.
func CreateMember(ctx context.Context, tx pgx.Tx, a Account, org uptime.ID, role string) error {
	q := dbgen.New(tx)
	err := q.InsertAccount(ctx, dbgen.InsertAccountParams{ID: a.ID, Email: a.Email, Name: a.Name, PasswordHash: a.PasswordHash})
	if err != nil {
		return fmt.Errorf("create account: %w", classify(err))
	}
	err = q.InsertMembership(ctx, dbgen.InsertMembershipParams{AccountID: a.ID, OrgID: org, Role: role})
	if err != nil {
		return fmt.Errorf("create membership: %w", classify(err))
	}
	return nil
}

// CreateAccountWithOrg stores an account and an organisation that it owns. An address or
// a slug that is taken is ErrConflict; see [Violates].
func (s *Store) CreateAccountWithOrg(ctx context.Context, a Account, org Org) error {
	return s.Tx(ctx, func(tx pgx.Tx) error {
		if err := dbgen.New(tx).CreateOrg(ctx, dbgen.CreateOrgParams{ID: org.ID, Slug: org.Slug, Name: org.Name}); err != nil {
			return fmt.Errorf("create organisation: %w", classify(err))
		}
		return CreateMember(ctx, tx, a, org.ID, RoleOwner)
	})
}

// HasAccounts tells whether anybody may sign in.
func (s *Store) HasAccounts(ctx context.Context) (bool, error) {
	n, err := s.q.CountAccounts(ctx)
	if err != nil {
		return false, fmt.Errorf("count accounts: %w", err)
	}
	return n > 0, nil
}

// Account returns one account, or ErrNotFound.
func (s *Store) Account(ctx context.Context, id uptime.ID) (Account, error) {
	r, err := s.q.GetAccount(ctx, id)
	if err != nil {
		return Account{}, fmt.Errorf("account: %w", classify(err))
	}
	return accountOf(r), nil
}

// AccountByEmail returns the account of an address, in any case, or ErrNotFound.
func (s *Store) AccountByEmail(ctx context.Context, email string) (Account, error) {
	r, err := s.q.AccountByEmail(ctx, email)
	if err != nil {
		return Account{}, fmt.Errorf("account: %w", classify(err))
	}
	return accountOf(r), nil
}

// Accounts returns at most limit accounts of the fleet after the given id, by id.
func (s *Store) Accounts(ctx context.Context, after uptime.ID, limit int) ([]Account, error) {
	rows, err := s.q.ListAccounts(ctx, dbgen.ListAccountsParams{After: after, MaxRows: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	out := make([]Account, len(rows))
	for i, r := range rows {
		out[i] = accountOf(r)
	}
	return out, nil
}

// Memberships returns the organisations of an account by name.
func (s *Store) Memberships(ctx context.Context, account uptime.ID) ([]Membership, error) {
	rows, err := s.q.ListMemberships(ctx, dbgen.ListMembershipsParams{AccountID: account, MaxRows: maxMemberships})
	if err != nil {
		return nil, fmt.Errorf("list memberships: %w", err)
	}
	out := make([]Membership, len(rows))
	for i, r := range rows {
		out[i] = Membership{Org: Org{ID: r.ID, Slug: r.Slug, Name: r.Name}, Role: r.Role, Since: r.Since}
	}
	return out, nil
}

// UpdateAccount changes an account; what change returns as an error is returned as it
// is, and then nothing is changed. With then, the rest of the same transaction; it may be
// nil. An address that is taken is ErrConflict.
func (s *Store) UpdateAccount(ctx context.Context, id uptime.ID, change func(*Account) error, then func(pgx.Tx) error) (Account, error) {
	var out Account
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockAccount(ctx, id)
		if err != nil {
			return fmt.Errorf("account: %w", classify(err))
		}
		a := accountOf(row)
		if err := change(&a); err != nil {
			return err
		}
		row, err = q.UpdateAccount(ctx, dbgen.UpdateAccountParams{
			ID: id, Email: a.Email, Name: a.Name, PasswordHash: a.PasswordHash, TotpSealed: a.TOTPSealed,
			TotpSince: timePtr(a.TOTPSince), TotpStep: a.TOTPStep, RecoveryHashes: hashes(a.RecoveryHashes),
		})
		if err != nil {
			return fmt.Errorf("update account: %w", classify(err))
		}
		out = accountOf(row)
		if then == nil {
			return nil
		}
		return then(tx)
	})
	return out, err
}

// DeleteAccount removes an account with its sessions and memberships; the error for one
// that is the last owner of an organisation is ErrLastOwner.
func (s *Store) DeleteAccount(ctx context.Context, id uptime.ID) error {
	return s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		// Whoever changes members of an organisation locks it, so nobody else leaves meanwhile.
		belongs, err := q.LockMemberships(ctx, id)
		if err != nil {
			return fmt.Errorf("lock organisations: %w", err)
		}
		for _, m := range belongs {
			if m.Role != RoleOwner {
				continue
			}
			other, err := q.HasOtherOwner(ctx, dbgen.HasOtherOwnerParams{OrgID: m.ID, AccountID: id})
			if err != nil {
				return fmt.Errorf("look for another owner: %w", err)
			}
			if !other {
				return ErrLastOwner
			}
		}
		if n, err := q.DeleteAccount(ctx, id); err != nil || n == 0 {
			return fmt.Errorf("delete account: %w", errors.Join(err, ErrNotFound))
		}
		return nil
	})
}

// NoteSignIn notes when an account was signed in last.
func (s *Store) NoteSignIn(ctx context.Context, id uptime.ID, at time.Time) error {
	if err := s.q.NoteSignIn(ctx, dbgen.NoteSignInParams{ID: id, At: &at}); err != nil {
		return fmt.Errorf("note sign-in: %w", err)
	}
	return nil
}

// TakeTOTPStep marks the code of a step as used, and tells whether neither it nor a later
// one was before.
func (s *Store) TakeTOTPStep(ctx context.Context, id uptime.ID, step int64) (bool, error) {
	n, err := s.q.TakeTOTPStep(ctx, dbgen.TakeTOTPStepParams{ID: id, Step: step})
	if err != nil {
		return false, fmt.Errorf("take code: %w", err)
	}
	return n == 1, nil
}

// TakeRecoveryCode removes a recovery code by its hash, and tells whether it was there.
func (s *Store) TakeRecoveryCode(ctx context.Context, id uptime.ID, hash []byte) (bool, error) {
	n, err := s.q.TakeRecoveryCode(ctx, dbgen.TakeRecoveryCodeParams{ID: id, Hash: hash})
	if err != nil {
		return false, fmt.Errorf("take recovery code: %w", err)
	}
	return n == 1, nil
}

// hashes never is NULL.
func hashes(h [][]byte) [][]byte {
	if h == nil {
		return [][]byte{}
	}
	return h
}

func accountOf(r dbgen.Account) Account {
	return Account{
		ID: r.ID, Email: r.Email, Name: r.Name, PasswordHash: r.PasswordHash, TOTPSealed: r.TotpSealed, TOTPSince: deref(r.TotpSince),
		TOTPStep: r.TotpStep, RecoveryHashes: r.RecoveryHashes, CreatedAt: r.CreatedAt, LastSignInAt: deref(r.LastSignInAt),
	}
}
