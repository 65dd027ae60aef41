package auth

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// First is what the environment says of the first start; empty fields make nothing.
type First struct {
	APIKey        string
	AdminEmail    string
	AdminPassword string
}

// BootstrapKeyName is the name of the key that a fleet begins with.
const BootstrapKeyName = "bootstrap"

// Bootstrap makes what is missing for a first call: the default tenant always, its
// key and its owner only while there is no key, no account at all.
func Bootstrap(ctx context.Context, store *postgres.Store, log *slog.Logger, first First) error {
	org, err := store.EnsureOrg(ctx, postgres.DefaultOrg, "Default")
	if err != nil {
		return err
	}
	if err := firstKey(ctx, store, log, org.ID, first.APIKey); err != nil {
		return err
	}
	return firstAccount(ctx, store, log, org.ID, first)
}

func firstKey(ctx context.Context, store *postgres.Store, log *slog.Logger, org uptime.ID, text string) error {
	if text == "" {
		has, err := store.HasAPIKeys(ctx)
		if err != nil {
			return err
		}
		if !has {
			log.WarnContext(ctx, "there is no API key: run `api bootstrap`, or set BOOTSTRAP_API_KEY and start again")
		}
		return nil
	}
	key, err := newAPIKey(org, BootstrapKeyName, text)
	if err != nil {
		return fmt.Errorf("BOOTSTRAP_API_KEY: %w", err)
	}
	created, err := store.CreateFirstAPIKey(ctx, key)
	if err != nil {
		return err
	}
	if created {
		log.InfoContext(ctx, "made the first API key", "prefix", key.Prefix)
	}
	return nil
}

func firstAccount(ctx context.Context, store *postgres.Store, log *slog.Logger, org uptime.ID, first First) error {
	if first.AdminEmail == "" {
		return nil
	}
	// Hashing takes a tenth of a second, so look first.
	if has, err := store.HasAccounts(ctx); err != nil || has {
		return err
	}
	hash, err := HashPassword(first.AdminPassword)
	if err != nil {
		return fmt.Errorf("ADMIN_PASSWORD: %w", err)
	}
	created, err := store.CreateFirstAccount(ctx, postgres.Account{
		ID: uptime.NewID(time.Now()), Email: first.AdminEmail, PasswordHash: hash,
	}, org, "")
	if err != nil {
		return err
	}
	if created {
		log.InfoContext(ctx, "made the first account")
	}
	return nil
}

// MakeKey makes a fresh key of the default tenant with every scope and returns it. It
// is shown this once: only its hash is stored.
func MakeKey(ctx context.Context, store *postgres.Store, name string) (string, error) {
	org, err := store.EnsureOrg(ctx, postgres.DefaultOrg, "Default")
	if err != nil {
		return "", err
	}
	text := NewKey()
	key, err := newAPIKey(org.ID, name, text)
	if err != nil {
		return "", err
	}
	_, err = store.CreateAPIKey(ctx, key)
	return text, err
}

func newAPIKey(org uptime.ID, name, text string) (postgres.APIKey, error) {
	prefix, err := ParseKey(text)
	if err != nil {
		return postgres.APIKey{}, err
	}
	return postgres.APIKey{
		ID: uptime.NewID(time.Now()), OrgID: org, Name: name, Prefix: prefix, Hash: Hash(text),
		Scopes: []string{ScopeRead, ScopeWrite, ScopeAdmin},
	}, nil
}
