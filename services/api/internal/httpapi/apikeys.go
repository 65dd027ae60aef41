package httpapi

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// prefixTries bounds how often a fresh key's prefix of 40 bits may be another's.
const prefixTries = 3

// ListAPIKeys implements [api.StrictServerInterface].
func (s *Server) ListAPIKeys(ctx context.Context, r api.ListAPIKeysRequestObject) (api.ListAPIKeysResponseObject, error) {
	after, err := fromCursor(cursorKey, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(r.Params.Limit)
	keys, err := s.Store.APIKeys(ctx, callerOf(ctx).Org, after, limit+1)
	if err != nil {
		return nil, err
	}
	keys, more := page(keys, limit)
	out := api.APIKeyPage{Items: make([]api.APIKey, len(keys)), NextCursor: null[string]()}
	for i := range keys {
		out.Items[i] = s.keyView(&keys[i])
	}
	if more {
		out.NextCursor = cursorOf(cursorKey, keys[limit-1].ID)
	}
	return api.ListAPIKeys200JSONResponse(out), nil
}

// CreateAPIKey implements [api.StrictServerInterface]. That only a key with every scope
// may call it is what keeps anybody from making one that may do more.
func (s *Server) CreateAPIKey(ctx context.Context, r api.CreateAPIKeyRequestObject) (api.CreateAPIKeyResponseObject, error) {
	expires, err := s.expiryOf(r.Body.ExpiresAt)
	if err != nil {
		return nil, err
	}
	fresh := postgres.APIKey{
		ID: uptime.NewID(s.Now()), OrgID: callerOf(ctx).Org, Name: r.Body.Name, Scopes: scopeNames(r.Body.Scopes), ExpiresAt: expires,
		WebsiteIDs: listOf(r.Body.WebsiteIds), Tags: tagsOf(r.Body.Tags),
	}
	if err := s.confine(ctx, &fresh); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		text := auth.NewKey()
		prefix, _ := auth.ParseKey(text) // it is one
		fresh.Prefix, fresh.Hash = prefix, auth.Hash(text)
		k, err := s.Store.CreateAPIKey(ctx, fresh)
		if errors.Is(err, postgres.ErrConflict) && try < prefixTries {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.Auth.Forget(prefix) // somebody may have tried it
		return api.CreateAPIKey201JSONResponse(s.keyShown(&k, text)), nil
	}
}

// GetAPIKey implements [api.StrictServerInterface].
func (s *Server) GetAPIKey(ctx context.Context, r api.GetAPIKeyRequestObject) (api.GetAPIKeyResponseObject, error) {
	k, err := s.Store.APIKey(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "API key")
	}
	versioned(ctx, k.Version())
	return api.GetAPIKey200JSONResponse(s.keyView(&k)), nil
}

// UpdateAPIKey implements [api.StrictServerInterface].
func (s *Server) UpdateAPIKey(ctx context.Context, r api.UpdateAPIKeyRequestObject) (api.UpdateAPIKeyResponseObject, error) {
	expires, err := s.expiryOf(r.Body.ExpiresAt)
	if err != nil {
		return nil, err
	}
	k, err := s.changeKey(ctx, r.ID, func(k *postgres.APIKey) error {
		if !k.RevokedAt.IsZero() {
			return revoked()
		}
		if r.Body.Name != nil {
			k.Name = *r.Body.Name
		}
		if r.Body.Scopes != nil {
			k.Scopes = scopeNames(*r.Body.Scopes)
		}
		if r.Body.ExpiresAt.IsSpecified() {
			k.ExpiresAt = expires
		}
		if r.Body.WebsiteIds.IsSpecified() {
			k.WebsiteIDs = listOf(r.Body.WebsiteIds)
		}
		if r.Body.Tags.IsSpecified() {
			k.Tags = tagsOf(r.Body.Tags)
		}
		return s.confine(ctx, k)
	})
	if err != nil {
		return nil, err
	}
	versioned(ctx, k.Version())
	return api.UpdateAPIKey200JSONResponse(s.keyView(&k)), nil
}

// RevokeAPIKey implements [api.StrictServerInterface].
func (s *Server) RevokeAPIKey(ctx context.Context, r api.RevokeAPIKeyRequestObject) (api.RevokeAPIKeyResponseObject, error) {
	_, err := s.changeKey(ctx, r.ID, func(k *postgres.APIKey) error {
		if k.RevokedAt.IsZero() {
			k.RevokedAt = s.Now()
			k.PreviousHash, k.PreviousUntil = nil, time.Time{}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.RevokeAPIKey204Response{}, nil
}

// RotateAPIKey implements [api.StrictServerInterface].
func (s *Server) RotateAPIKey(ctx context.Context, r api.RotateAPIKeyRequestObject) (api.RotateAPIKeyResponseObject, error) {
	overlap := time.Duration(0)
	if r.Body != nil {
		overlap = time.Duration(deref(r.Body.OverlapSeconds)) * time.Second
	}
	var text string
	k, err := s.changeKey(ctx, r.ID, func(k *postgres.APIKey) error {
		if !k.RevokedAt.IsZero() {
			return revoked()
		}
		text = auth.NewSecret(k.Prefix)
		old := k.Hash
		k.Hash, k.PreviousHash, k.PreviousUntil = auth.Hash(text), nil, time.Time{}
		if overlap > 0 {
			k.PreviousHash, k.PreviousUntil = old, s.Now().Add(overlap)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.RotateAPIKey200JSONResponse(s.keyShown(&k, text)), nil
}

// changeKey changes a key and makes that known to whoever checks keys here.
func (s *Server) changeKey(ctx context.Context, id uptime.ID, change func(*postgres.APIKey) error) (postgres.APIKey, error) {
	k, err := s.Store.UpdateAPIKey(ctx, callerOf(ctx).Org, id, s.Now(), change)
	if errors.Is(err, postgres.ErrLastAdminKey) {
		return k, conflict("last-admin", "It is the last key with the scope admin that works: make another one first.")
	}
	if err != nil {
		return k, fromStore(err, "API key")
	}
	s.Auth.Forget(k.Prefix)
	return k, nil
}

func revoked() *problem { return conflict("revoked", "The key is revoked, and stays so.") }

// expiryOf returns when a key ends, the zero time for never.
func (s *Server) expiryOf(field nullable.Nullable[time.Time]) (time.Time, error) {
	at, err := field.Get()
	if err != nil { // null or absent
		return time.Time{}, nil
	}
	if !at.After(s.Now()) {
		return at, invalidField("expires_at", "must be in the future")
	}
	return at, nil
}

// listOf is a list of a body; nil for null and for none.
func listOf[T any](field nullable.Nullable[[]T]) []T {
	list, _ := field.Get() // The error says that there is none.
	return list
}

// listShown is a list as it is shown: null for none.
func listShown[T any](list []T) nullable.Nullable[[]T] {
	if list == nil {
		return null[[]T]()
	}
	return value(list)
}

func tagsOf(field nullable.Nullable[[]api.Tag]) []string {
	tags := listOf(field)
	if tags == nil {
		return nil
	}
	return postgres.CleanTags(tags)
}

func scopeNames(scopes api.Scopes) []string {
	names := make([]string, len(scopes))
	for i, one := range scopes {
		names[i] = string(one)
	}
	return names
}

func (s *Server) keyView(k *postgres.APIKey) api.APIKey {
	out := api.APIKey{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: []api.Scope{}, CreatedAt: k.CreatedAt.UTC(),
		ExpiresAt: nullTime(k.ExpiresAt), LastUsedAt: nullTime(k.LastUsedAt), RevokedAt: nullTime(k.RevokedAt),
		OverlapUntil: null[time.Time](), WebsiteIds: listShown(k.WebsiteIDs), Tags: listShown(k.Tags),
	}
	for _, one := range []api.Scope{api.ScopeRead, api.ScopeWrite, api.ScopeAdmin} {
		if slices.Contains(k.Scopes, string(one)) {
			out.Scopes = append(out.Scopes, one)
		}
	}
	if k.PreviousUntil.After(s.Now()) {
		out.OverlapUntil = nullTime(k.PreviousUntil)
	}
	return out
}

// keyShown is a key with its secret, as its creating answer has it and no other.
func (s *Server) keyShown(k *postgres.APIKey, text string) api.APIKeyShown {
	v := s.keyView(k)
	return api.APIKeyShown{
		ID: v.ID, Name: v.Name, Prefix: v.Prefix, Scopes: v.Scopes, CreatedAt: v.CreatedAt, ExpiresAt: v.ExpiresAt,
		LastUsedAt: v.LastUsedAt, RevokedAt: v.RevokedAt, OverlapUntil: v.OverlapUntil, WebsiteIds: v.WebsiteIds, Tags: v.Tags, Key: text,
	}
}
