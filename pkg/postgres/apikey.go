package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// APIKey is a key by which a machine calls the API. Hash is the SHA-256 of the whole
// key, which nobody stores.
type APIKey struct {
	ID         uptime.ID
	OrgID      uptime.ID
	Name       string
	Prefix     string
	Hash       []byte
	Scopes     []string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never
	RevokedAt  time.Time // zero: not revoked
}

// CreateAPIKey stores a key; a prefix that is taken is ErrConflict.
func (s *Store) CreateAPIKey(ctx context.Context, k APIKey) error {
	if err := s.q.InsertAPIKey(ctx, keyParams(k)); err != nil {
		return fmt.Errorf("create API key: %w", classify(err))
	}
	return nil
}

// CreateFirstAPIKey stores a key if there is none at all, and tells whether it did.
func (s *Store) CreateFirstAPIKey(ctx context.Context, k APIKey) (bool, error) {
	created := false
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", firstRows); err != nil {
			return err
		}
		n, err := q.CountAPIKeys(ctx)
		if err != nil || n > 0 {
			return err
		}
		created = true
		return q.InsertAPIKey(ctx, keyParams(k))
	})
	if err != nil {
		return false, fmt.Errorf("create first API key: %w", classify(err))
	}
	return created, nil
}

// HasAPIKeys tells whether there is a key at all.
func (s *Store) HasAPIKeys(ctx context.Context) (bool, error) {
	n, err := s.q.CountAPIKeys(ctx)
	if err != nil {
		return false, fmt.Errorf("count API keys: %w", err)
	}
	return n > 0, nil
}

// APIKeyByPrefix returns the key with the public part, or ErrNotFound. Whether it is
// expired or revoked is the caller's to judge.
func (s *Store) APIKeyByPrefix(ctx context.Context, prefix string) (APIKey, error) {
	r, err := s.q.APIKeyByPrefix(ctx, prefix)
	if err != nil {
		return APIKey{}, fmt.Errorf("API key: %w", classify(err))
	}
	return APIKey{
		ID: r.ID, OrgID: r.OrgID, Name: r.Name, Prefix: r.Prefix, Hash: r.Hash, Scopes: r.Scopes, CreatedAt: r.CreatedAt,
		ExpiresAt: deref(r.ExpiresAt), LastUsedAt: deref(r.LastUsedAt), RevokedAt: deref(r.RevokedAt),
	}, nil
}

// TouchAPIKey notes that a key was used; an older time than the one known is ignored.
func (s *Store) TouchAPIKey(ctx context.Context, id uptime.ID, at time.Time) error {
	if err := s.q.TouchAPIKey(ctx, dbgen.TouchAPIKeyParams{ID: id, At: &at}); err != nil {
		return fmt.Errorf("note use of API key %s: %w", id, err)
	}
	return nil
}

// RevokeAPIKey ends a key for ever; ErrNotFound for one that is not the tenant's or
// was revoked before.
func (s *Store) RevokeAPIKey(ctx context.Context, org, id uptime.ID) error {
	n, err := s.q.RevokeAPIKey(ctx, dbgen.RevokeAPIKeyParams{OrgID: org, ID: id})
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("revoke API key %s: %w", id, err)
	}
	return nil
}

func keyParams(k APIKey) dbgen.InsertAPIKeyParams {
	return dbgen.InsertAPIKeyParams{
		ID: k.ID, OrgID: k.OrgID, Name: k.Name, Prefix: k.Prefix, Hash: k.Hash, Scopes: k.Scopes, ExpiresAt: timePtr(k.ExpiresAt),
	}
}

// timePtr makes the zero time SQL's NULL.
func timePtr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
