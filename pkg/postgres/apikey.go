package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// APIKey is a key by which a machine calls the API. Hash is the SHA-256 of the whole
// key, which nobody stores.
type APIKey struct {
	ID     uptime.ID
	OrgID  uptime.ID
	Name   string
	Prefix string
	Hash   []byte
	// PreviousHash is that of the key before the last rotation, which works until
	// PreviousUntil; nil if the key was never rotated with an overlap.
	PreviousHash  []byte
	PreviousUntil time.Time
	Scopes        []string
	WebsiteIDs    []uptime.ID // that it is confined to; nil, and no tags: every one
	Tags          []string    // with one of which a website is among those that it is confined to
	CreatedAt     time.Time
	ExpiresAt     time.Time // zero: never
	LastUsedAt    time.Time // zero: never
	RevokedAt     time.Time // zero: not revoked
}

// Confined tells whether the key is kept to some of its tenant's websites.
func (k *APIKey) Confined() bool { return k.WebsiteIDs != nil || k.Tags != nil }

// Usable tells whether the key works at a time.
func (k *APIKey) Usable(at time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || k.ExpiresAt.After(at))
}

// scopeAdmin is the scope without which nobody can manage keys.
const scopeAdmin = "admin"

// endangers tells whether a change takes from a key that could manage keys a part of
// that: the scope, the key itself, or the time that it has.
func endangers(was, is *APIKey, at time.Time) bool {
	if !was.Usable(at) || !slices.Contains(was.Scopes, scopeAdmin) {
		return false
	}
	sooner := !is.ExpiresAt.IsZero() && (was.ExpiresAt.IsZero() || is.ExpiresAt.Before(was.ExpiresAt))
	return !is.Usable(at) || !slices.Contains(is.Scopes, scopeAdmin) || sooner
}

// ErrLastAdminKey is the error for a change after which nobody could manage a tenant's keys.
var ErrLastAdminKey = errors.New("the last key with the scope admin")

// CreateAPIKey stores a key and returns it with the time that it got; a prefix that is
// taken is ErrConflict.
func (s *Store) CreateAPIKey(ctx context.Context, k APIKey) (APIKey, error) {
	row, err := s.q.InsertAPIKey(ctx, keyParams(k))
	if err != nil {
		return APIKey{}, fmt.Errorf("create API key: %w", classify(err))
	}
	return keyOf(row), nil
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
		_, err = q.InsertAPIKey(ctx, keyParams(k))
		return err
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
	return keyOf(r), nil
}

// APIKey returns one key of the tenant, a revoked one too, or ErrNotFound.
func (s *Store) APIKey(ctx context.Context, org, id uptime.ID) (APIKey, error) {
	r, err := s.q.GetAPIKey(ctx, dbgen.GetAPIKeyParams{OrgID: org, ID: id})
	if err != nil {
		return APIKey{}, fmt.Errorf("API key %s: %w", id, classify(err))
	}
	return keyOf(r), nil
}

// APIKeys returns at most limit keys of the tenant after the given id, by id; the zero
// id begins at the first.
func (s *Store) APIKeys(ctx context.Context, org, after uptime.ID, limit int) ([]APIKey, error) {
	rows, err := s.q.ListAPIKeys(ctx, dbgen.ListAPIKeysParams{OrgID: org, After: after, MaxRows: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	out := make([]APIKey, len(rows))
	for i, r := range rows {
		out[i] = keyOf(r)
	}
	return out, nil
}

// TouchAPIKey notes that a key was used; an older time than the one known is ignored.
func (s *Store) TouchAPIKey(ctx context.Context, id uptime.ID, at time.Time) error {
	if err := s.q.TouchAPIKey(ctx, dbgen.TouchAPIKeyParams{ID: id, At: &at}); err != nil {
		return fmt.Errorf("note use of API key %s: %w", id, err)
	}
	return nil
}

// UpdateAPIKey changes a key of the tenant, all but its prefix; at is the present. What
// change returns as an error is returned as it is, and then nothing is changed. The
// error for what would leave the tenant without a key that manages keys is
// ErrLastAdminKey: the tenant's keys change one after the other, so that two changes at
// once cannot each count on the other's key.
func (s *Store) UpdateAPIKey(ctx context.Context, org, id uptime.ID, at time.Time, change func(*APIKey) error) (APIKey, error) {
	var out APIKey
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		if _, err := q.LockOrg(ctx, org); err != nil {
			return fmt.Errorf("lock tenant %s: %w", org, classify(err))
		}
		row, err := q.GetAPIKey(ctx, dbgen.GetAPIKeyParams{OrgID: org, ID: id})
		if err != nil {
			return fmt.Errorf("API key %s: %w", id, classify(err))
		}
		was, k := keyOf(row), keyOf(row)
		if err := met(ctx, was.Version()); err != nil {
			return err
		}
		if err := change(&k); err != nil {
			return err
		}
		if endangers(&was, &k, at) {
			other, err := q.OtherAdminKey(ctx, dbgen.OtherAdminKeyParams{OrgID: org, ID: id, At: &at})
			if err != nil {
				return fmt.Errorf("look for another key: %w", err)
			}
			if !other {
				return ErrLastAdminKey
			}
		}
		row, err = q.UpdateAPIKey(ctx, dbgen.UpdateAPIKeyParams{
			OrgID: org, ID: id, Name: k.Name, Hash: k.Hash, Scopes: k.Scopes, ExpiresAt: timePtr(k.ExpiresAt), RevokedAt: timePtr(k.RevokedAt),
			WebsiteIds: k.WebsiteIDs, Tags: k.Tags, PreviousHash: k.PreviousHash, PreviousUntil: timePtr(k.PreviousUntil),
		})
		if err != nil {
			return fmt.Errorf("update API key %s: %w", id, classify(err))
		}
		out = keyOf(row)
		return nil
	})
	return out, err
}

func keyOf(r dbgen.ApiKey) APIKey {
	return APIKey{
		ID: r.ID, OrgID: r.OrgID, Name: r.Name, Prefix: r.Prefix, Hash: r.Hash, PreviousHash: r.PreviousHash,
		PreviousUntil: deref(r.PreviousUntil), Scopes: r.Scopes, CreatedAt: r.CreatedAt, ExpiresAt: deref(r.ExpiresAt),
		LastUsedAt: deref(r.LastUsedAt), RevokedAt: deref(r.RevokedAt), WebsiteIDs: r.WebsiteIds, Tags: r.Tags,
	}
}

func keyParams(k APIKey) dbgen.InsertAPIKeyParams {
	return dbgen.InsertAPIKeyParams{
		ID: k.ID, OrgID: k.OrgID, Name: k.Name, Prefix: k.Prefix, Hash: k.Hash, Scopes: k.Scopes,
		WebsiteIds: k.WebsiteIDs, Tags: k.Tags, ExpiresAt: timePtr(k.ExpiresAt),
	}
}

// timePtr makes the zero time SQL's NULL.
func timePtr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
