package app

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/vault"
)

// bootstrapRegions makes the regions that the settings name, enables those that
// registered themselves before, and gives them the keys of the settings. A region that
// was disabled by hand stays so.
func bootstrapRegions(ctx context.Context, store *postgres.Store, box *seal.Box, log *slog.Logger, regions []firstRegion) error {
	if len(regions) == 0 {
		return nil
	}
	org, err := store.OrgBySlug(ctx, postgres.DefaultOrg)
	if err != nil {
		return err
	}
	for _, r := range regions {
		if err := bootstrapRegion(ctx, store, box, log, org.ID, r); err != nil {
			return err
		}
	}
	// A region may have another key than the one before.
	return vault.New(box).ResealAll(ctx, store)
}

func bootstrapRegion(ctx context.Context, store *postgres.Store, box *seal.Box, log *slog.Logger, org uptime.ID, r firstRegion) error {
	key, err := keyBytes(r.key)
	if err != nil {
		return err
	}
	place := postgres.RegionKeyPlace(org, r.name)
	region, err := store.Region(ctx, org, r.name)
	switch {
	case errors.Is(err, postgres.ErrNotFound) || err == nil && region.Enablement == postgres.RegionPending:
		_, err = store.CreateRegion(ctx, postgres.Region{Name: r.name, OrgID: org, Title: region.Title, KeySealed: box.Seal(key, place...)})
		if errors.Is(err, postgres.ErrConflict) {
			return nil // another replica was faster
		}
		if err == nil {
			log.InfoContext(ctx, "made a region", "region", r.name)
		}
		return err
	case err != nil:
		return err
	}
	if known, err := box.Open(region.KeySealed, place...); err == nil && subtle.ConstantTimeCompare(known, key) == 1 {
		return nil
	}
	_, err = store.UpdateRegion(ctx, org, r.name, func(region *postgres.Region) error {
		region.KeySealed = box.Seal(key, place...)
		return nil
	})
	return err
}

// keyBytes decodes a key in any of the forms that package seal takes.
func keyBytes(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(strings.TrimSpace(text), "="))
	return base64.RawStdEncoding.DecodeString(text)
}
