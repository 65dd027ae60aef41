package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Member is an account in a tenant.
type Member struct {
	AccountID    uptime.ID
	Email        string
	Name         string
	Role         string
	TOTP         bool // it signs in with a second factor
	Since        time.Time
	LastSignInAt time.Time // zero: never
}

// Members returns at most limit members of a tenant after the given account, by account.
func (s *Store) Members(ctx context.Context, org, after uptime.ID, limit int) ([]Member, error) {
	rows, err := s.q.ListMembers(ctx, dbgen.ListMembersParams{OrgID: org, After: after, MaxRows: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	out := make([]Member, len(rows))
	for i, r := range rows {
		out[i] = memberOf(dbgen.GetMemberRow(r))
	}
	return out, nil
}

// SetRole gives a member another role. What may returns as an error for the member as it
// is, is returned as it is, and then nothing is changed. The last owner stays one:
// ErrLastOwner.
func (s *Store) SetRole(ctx context.Context, org, account uptime.ID, role string, may func(Member) error) (Member, error) {
	return s.changeMember(ctx, org, account, may, func(ctx context.Context, q *dbgen.Queries, m *Member) error {
		if m.Role == RoleOwner && role != RoleOwner {
			if err := otherOwner(ctx, q, org, account); err != nil {
				return err
			}
		}
		m.Role = role
		return q.SetMemberRole(ctx, dbgen.SetMemberRoleParams{OrgID: org, AccountID: account, Role: role})
	})
}

// RemoveMember takes a member from a tenant, and its sessions there end. What may returns
// as an error is returned as it is. The last owner stays: ErrLastOwner.
func (s *Store) RemoveMember(ctx context.Context, org, account uptime.ID, may func(Member) error) error {
	_, err := s.changeMember(ctx, org, account, may, func(ctx context.Context, q *dbgen.Queries, m *Member) error {
		if err := dropMember(ctx, q, org, m); err != nil {
			return err
		}
		return q.EndSessionsIn(ctx, dbgen.EndSessionsInParams{OrgID: org, AccountID: account})
	})
	return err
}

// LeaveOrg is RemoveMember by the member, whose sessions go on in no tenant.
func (s *Store) LeaveOrg(ctx context.Context, org, account uptime.ID) error {
	may := func(Member) error { return nil }
	_, err := s.changeMember(WithoutTenant(ctx), org, account, may, func(ctx context.Context, q *dbgen.Queries, m *Member) error {
		if err := dropMember(ctx, q, org, m); err != nil {
			return err
		}
		return q.LeaveInSessions(ctx, dbgen.LeaveInSessionsParams{OrgID: org, AccountID: account})
	})
	return err
}

func dropMember(ctx context.Context, q *dbgen.Queries, org uptime.ID, m *Member) error {
	if m.Role == RoleOwner {
		if err := otherOwner(ctx, q, org, m.AccountID); err != nil {
			return err
		}
	}
	return q.DeleteMember(ctx, dbgen.DeleteMemberParams{OrgID: org, AccountID: m.AccountID})
}

// changeMember changes a member of a tenant. The tenant's members change one after the
// other, so that two owners cannot unmake each other at once.
func (s *Store) changeMember(
	ctx context.Context, org, account uptime.ID, may func(Member) error, change func(context.Context, *dbgen.Queries, *Member) error,
) (Member, error) {
	var m Member
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		if _, err := q.LockOrg(ctx, org); err != nil {
			return fmt.Errorf("organisation %s: %w", org, classify(err))
		}
		row, err := q.GetMember(ctx, dbgen.GetMemberParams{OrgID: org, AccountID: account})
		if err != nil {
			return fmt.Errorf("member %s: %w", account, classify(err))
		}
		m = memberOf(row)
		if err := met(ctx, m.Version()); err != nil {
			return err
		}
		if err := may(m); err != nil {
			return err
		}
		if err := change(ctx, q, &m); err != nil {
			return fmt.Errorf("change member %s: %w", account, err)
		}
		return nil
	})
	return m, err
}

func otherOwner(ctx context.Context, q *dbgen.Queries, org, account uptime.ID) error {
	other, err := q.HasOtherOwner(ctx, dbgen.HasOtherOwnerParams{OrgID: org, AccountID: account})
	if err == nil && !other {
		err = ErrLastOwner
	}
	return err
}

func memberOf(r dbgen.GetMemberRow) Member {
	return Member{
		AccountID: r.ID, Email: r.Email, Name: r.Name, Role: r.Role, TOTP: r.Totp, Since: r.Since, LastSignInAt: deref(r.LastSignInAt),
	}
}
