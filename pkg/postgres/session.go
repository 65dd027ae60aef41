package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// maxSessions is how many sessions an account has at most; the longest unused give way.
const maxSessions = 100

// Session is where an account is signed in. Its cookie holds a token; Hash is of that.
type Session struct {
	ID         uptime.ID
	AccountID  uptime.ID
	OrgID      uptime.ID // that it works in; zero: none
	Hash       []byte
	Address    string // of the client that signed in
	UserAgent  string
	Remember   bool // it lasts longer without use
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time // unless it is used before
}

// Visitor is a session with who it is of. Role is empty for who does not belong to the
// organisation that the session works in.
type Visitor struct {
	Session
	Email string
	Name  string
	Role  string
}

// CreateSession stores a session. Its organisation is the one it names if the account
// belongs to that, or else where the account was last, or the first it came to.
func (s *Store) CreateSession(ctx context.Context, session Session) (Session, error) {
	var out Session
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.InsertSession(ctx, dbgen.InsertSessionParams{
			ID: session.ID, AccountID: session.AccountID, OrgID: session.OrgID, Hash: session.Hash, Address: session.Address,
			UserAgent: PlainText(session.UserAgent), Remember: session.Remember, CreatedAt: session.CreatedAt, ExpiresAt: session.ExpiresAt,
		})
		if err != nil {
			return err
		}
		out = sessionOf(row)
		return q.TrimSessions(ctx, dbgen.TrimSessionsParams{AccountID: session.AccountID, Most: maxSessions})
	})
	if err != nil {
		return Session{}, fmt.Errorf("create session: %w", classify(err))
	}
	return out, nil
}

// VisitorByHash returns the session whose token has the hash, or ErrNotFound. Whether it
// has expired is the caller's to judge.
func (s *Store) VisitorByHash(ctx context.Context, hash []byte) (Visitor, error) {
	r, err := s.q.SessionByHash(ctx, hash)
	if err != nil {
		return Visitor{}, fmt.Errorf("session: %w", classify(err))
	}
	return Visitor{Session: sessionOf(r.Session), Email: r.Email, Name: r.Name, Role: r.Role}, nil
}

// TouchSession notes that a session was used, and until when it lasts by that.
func (s *Store) TouchSession(ctx context.Context, id uptime.ID, at, expires time.Time) error {
	if err := s.q.TouchSession(ctx, dbgen.TouchSessionParams{ID: id, At: at, ExpiresAt: expires}); err != nil {
		return fmt.Errorf("note use of session: %w", err)
	}
	return nil
}

// SwitchSession makes a session work in another organisation of its account; one that
// the account does not belong to is ErrNotFound.
func (s *Store) SwitchSession(ctx context.Context, id, org uptime.ID) error {
	n, err := s.q.SwitchSession(ctx, dbgen.SwitchSessionParams{ID: id, OrgID: org})
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("switch session: %w", err)
	}
	return nil
}

// Sessions returns the sessions of an account that have not expired, newest first.
func (s *Store) Sessions(ctx context.Context, account uptime.ID, at time.Time) ([]Session, error) {
	rows, err := s.q.ListSessions(ctx, dbgen.ListSessionsParams{AccountID: account, At: at, MaxRows: maxSessions})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	out := make([]Session, len(rows))
	for i, r := range rows {
		out[i] = sessionOf(r)
	}
	return out, nil
}

// EndSession removes a session of an account, or answers ErrNotFound.
func (s *Store) EndSession(ctx context.Context, account, id uptime.ID) error {
	n, err := s.q.EndSession(ctx, dbgen.EndSessionParams{AccountID: account, ID: id})
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndSessionByHash removes the session whose token has the hash, if there is one.
func (s *Store) EndSessionByHash(ctx context.Context, hash []byte) error {
	if err := s.q.EndSessionByHash(ctx, hash); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndSessions removes every session of an account but one, in a transaction; the zero id
// spares none. Links for a new password end with them.
func EndSessions(ctx context.Context, tx pgx.Tx, account, but uptime.ID) error {
	if err := dbgen.New(tx).EndSessions(ctx, dbgen.EndSessionsParams{AccountID: account, But: but}); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return DropPasswordResets(ctx, tx, account)
}

func sessionOf(r dbgen.Session) Session {
	return Session{
		ID: r.ID, AccountID: r.AccountID, OrgID: r.OrgID, Hash: r.Hash, Address: r.Address, UserAgent: r.UserAgent,
		Remember: r.Remember, CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt,
	}
}
