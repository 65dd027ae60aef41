package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// PauseWebsite stops the checks of a website until a time; the zero time means until
// it is resumed.
func (s *Store) PauseWebsite(ctx context.Context, org, id uptime.ID, until time.Time) (Website, error) {
	n, err := s.q.PauseWebsite(ctx, dbgen.PauseWebsiteParams{OrgID: org, ID: id, Until: timePtr(until)})
	return s.switched(ctx, "pause", org, id, n, err)
}

// ResumeWebsite ends a pause.
func (s *Store) ResumeWebsite(ctx context.Context, org, id uptime.ID) (Website, error) {
	var n int64
	err := s.meteredTx(ctx, org, func(tx pgx.Tx) (err error) {
		n, err = dbgen.New(tx).ResumeWebsite(ctx, dbgen.ResumeWebsiteParams{OrgID: org, ID: id})
		return err
	})
	return s.switched(ctx, "resume", org, id, n, err)
}

// MuteWebsite keeps back the alerts of a website until a time; the zero time means
// until it is unmuted.
func (s *Store) MuteWebsite(ctx context.Context, org, id uptime.ID, until time.Time) (Website, error) {
	n, err := s.q.MuteWebsite(ctx, dbgen.MuteWebsiteParams{OrgID: org, ID: id, Until: timePtr(until)})
	return s.switched(ctx, "mute", org, id, n, err)
}

// UnmuteWebsite ends a mute.
func (s *Store) UnmuteWebsite(ctx context.Context, org, id uptime.ID) (Website, error) {
	n, err := s.q.UnmuteWebsite(ctx, dbgen.UnmuteWebsiteParams{OrgID: org, ID: id})
	return s.switched(ctx, "unmute", org, id, n, err)
}

func (s *Store) switched(ctx context.Context, verb string, org, id uptime.ID, n int64, err error) (Website, error) {
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Website{}, fmt.Errorf("%s website %s: %w", verb, id, classify(err))
	}
	return s.Website(ctx, org, id)
}
