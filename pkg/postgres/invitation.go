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

// Invitation is the offer of a membership to whoever has a token; Hash is of that.
type Invitation struct {
	ID        uptime.ID
	OrgID     uptime.ID
	Email     string
	Role      string
	Hash      []byte
	InvitedBy string // as who invited was called then
	CreatedAt time.Time
	ExpiresAt time.Time
}

// ErrMember is the error for inviting somebody who belongs to the tenant.
var ErrMember = errors.New("a member already")

// ErrOtherAccount is the error for an invitation to another address than the account's.
var ErrOtherAccount = errors.New("the invitation is to another address")

// Invited is the error for an address that is invited already. It wraps ErrConflict.
type Invited struct{ ID uptime.ID }

func (e *Invited) Error() string { return fmt.Sprintf("invitation %s is to the same address", e.ID) }

// Unwrap makes it an ErrConflict.
func (e *Invited) Unwrap() error { return ErrConflict }

// Invitations returns at most limit invitations of a tenant after the given id, by id.
func (s *Store) Invitations(ctx context.Context, org, after uptime.ID, limit int) ([]Invitation, error) {
	rows, err := s.q.ListInvitations(ctx, dbgen.ListInvitationsParams{OrgID: org, After: after, MaxRows: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	out := make([]Invitation, len(rows))
	for i, r := range rows {
		out[i] = Invitation(r)
	}
	return out, nil
}

// CreateInvitation stores an invitation and does then in the same transaction. An address
// that is invited already is an [*Invited], unless that has expired; one that belongs to
// the tenant ErrMember.
func (s *Store) CreateInvitation(ctx context.Context, i Invitation, then func(pgx.Tx, Org) error) (Invitation, error) {
	var out Invitation
	err := s.Tx(WithoutTenant(ctx), func(tx pgx.Tx) error { // for then: a letter is of no tenant
		q := dbgen.New(tx)
		if _, err := q.LockOrg(ctx, i.OrgID); err != nil { // of two at once, one sees the other
			return fmt.Errorf("organisation %s: %w", i.OrgID, classify(err))
		}
		member, err := q.IsMember(ctx, dbgen.IsMemberParams{OrgID: i.OrgID, Email: i.Email})
		if err != nil {
			return fmt.Errorf("look for a member: %w", err)
		}
		if member {
			return ErrMember
		}
		err = q.DropExpiredInvitation(ctx, dbgen.DropExpiredInvitationParams{OrgID: i.OrgID, Email: i.Email, At: i.CreatedAt})
		if err != nil {
			return fmt.Errorf("drop an expired invitation: %w", err)
		}
		switch id, err := q.InvitationOfEmail(ctx, dbgen.InvitationOfEmailParams{OrgID: i.OrgID, Email: i.Email}); {
		case err == nil:
			return &Invited{ID: id}
		case !errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("look for an invitation: %w", err)
		}
		row, err := q.InsertInvitation(ctx, dbgen.InsertInvitationParams(i))
		if err != nil {
			return fmt.Errorf("create invitation: %w", classify(err))
		}
		out = Invitation(row)
		return withOrg(ctx, tx, i.OrgID, then)
	})
	return out, err
}

// RenewInvitation gives an invitation another token and does then in the same
// transaction. What may returns as an error for it is returned as it is.
func (s *Store) RenewInvitation(
	ctx context.Context, org, id uptime.ID, hash []byte, expires time.Time, may func(Invitation) error, then func(pgx.Tx, Org) error,
) (Invitation, error) {
	var out Invitation
	err := s.Tx(WithoutTenant(ctx), func(tx pgx.Tx) error { // as above
		q := dbgen.New(tx)
		row, err := q.RenewInvitation(ctx, dbgen.RenewInvitationParams{OrgID: org, ID: id, Hash: hash, ExpiresAt: expires})
		if err != nil {
			return fmt.Errorf("invitation %s: %w", id, classify(err))
		}
		out = Invitation(row)
		if err := may(out); err != nil {
			return err
		}
		return withOrg(ctx, tx, org, then)
	})
	return out, err
}

func withOrg(ctx context.Context, tx pgx.Tx, id uptime.ID, then func(pgx.Tx, Org) error) error {
	org, err := dbgen.New(tx).GetOrg(ctx, id)
	if err != nil {
		return fmt.Errorf("organisation %s: %w", id, classify(err))
	}
	return then(tx, orgOf(org))
}

// DeleteInvitation takes an invitation back, or answers ErrNotFound. What may returns as
// an error for it is returned as it is.
func (s *Store) DeleteInvitation(ctx context.Context, org, id uptime.ID, may func(Invitation) error) error {
	return s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.GetInvitation(ctx, dbgen.GetInvitationParams{OrgID: org, ID: id})
		if err != nil {
			return fmt.Errorf("invitation %s: %w", id, classify(err))
		}
		if err := may(Invitation(row)); err != nil {
			return err
		}
		n, err := q.DeleteInvitation(ctx, dbgen.DeleteInvitationParams{OrgID: org, ID: id})
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("delete invitation %s: %w", id, err)
		}
		return nil
	})
}

// InvitationByHash returns the invitation whose token has the hash with its tenant's
// name, and whether its address has an account. One that has expired is ErrNotFound.
func (s *Store) InvitationByHash(ctx context.Context, hash []byte, at time.Time) (i Invitation, org string, account bool, err error) {
	row, err := s.q.InvitationByHash(WithoutTenant(ctx), dbgen.InvitationByHashParams{Hash: hash, At: at})
	if err != nil {
		return i, "", false, fmt.Errorf("invitation: %w", classify(err))
	}
	return Invitation(row.Invitation), row.Organisation, row.HasAccount, nil
}

// AcceptInvitation makes whoever has the token of an invitation a member: a new account,
// or the one that there is with its address. The error for another's account is
// ErrOtherAccount, for a new one whose address has an account ErrConflict. The invitation
// is used up; who belongs to the tenant by now keeps the role.
func (s *Store) AcceptInvitation(ctx context.Context, hash []byte, at time.Time, existing uptime.ID, fresh Account) (Invitation, error) {
	var out Invitation
	err := s.Tx(WithoutTenant(ctx), func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.TakeInvitation(ctx, dbgen.TakeInvitationParams{Hash: hash, At: at})
		if err != nil {
			return fmt.Errorf("invitation: %w", classify(err))
		}
		out = Invitation(row)
		if existing.IsZero() {
			fresh.Email = row.Email
			return CreateMember(ctx, tx, fresh, row.OrgID, row.Role)
		}
		holder, err := q.AccountByEmail(ctx, row.Email)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("account of the invitation: %w", err)
		}
		if err != nil || holder.ID != existing {
			return ErrOtherAccount
		}
		member, err := q.IsMember(ctx, dbgen.IsMemberParams{OrgID: row.OrgID, Email: row.Email})
		if err != nil || member {
			return err
		}
		err = q.InsertMembership(ctx, dbgen.InsertMembershipParams{AccountID: existing, OrgID: row.OrgID, Role: row.Role})
		if err != nil {
			return fmt.Errorf("create membership: %w", classify(err))
		}
		return nil
	})
	return out, err
}
