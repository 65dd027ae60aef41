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

// RepeatKept is how long the answer to a call that may be repeated is kept.
const RepeatKept = 24 * time.Hour

// RepeatAbandoned is after which time without an answer a call is taken for abandoned by
// the process that worked on it. It is longer than any call may take.
const RepeatAbandoned = 2 * time.Minute

// RepeatableCall is a call that its caller may repeat without doing twice what it does.
type RepeatableCall struct {
	Org       uptime.ID // zero: the caller belongs to none
	Caller    uptime.ID // key or account
	Key       string    // that the caller gave the call
	Operation string
	Request   []byte // a digest of all that the call says
	Status    int    // of the answer; 0: it is still being answered
	Answer    []byte // sealed
	At        time.Time
}

// ClaimCall makes a call the one that its key stands for, if it is the first. Otherwise it
// returns the call that is, and false.
func (s *Store) ClaimCall(ctx context.Context, c RepeatableCall) (RepeatableCall, bool, error) {
	p := dbgen.ClaimCallParams{
		OrgID: c.Org, CallerID: c.Caller, Key: c.Key, Operation: c.Operation, Request: c.Request,
		KeptMs: RepeatKept.Milliseconds(), AbandonedMs: RepeatAbandoned.Milliseconds(),
	}
	for try := 1; ; try++ {
		at, err := s.fleet.ClaimCall(ctx, p)
		if err == nil {
			c.At = at
			return c, true, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return c, false, fmt.Errorf("claim a call: %w", err)
		}
		row, err := s.fleet.GetCall(ctx, dbgen.GetCallParams{CallerID: c.Caller, Key: c.Key})
		if errors.Is(err, pgx.ErrNoRows) && try < claimTries { // it was released in between
			continue
		}
		if err != nil {
			return c, false, fmt.Errorf("read a call: %w", err)
		}
		return RepeatableCall{
			Org: row.OrgID, Caller: row.CallerID, Key: row.Key, Operation: row.Operation, Request: row.Request,
			Status: int(deref(row.Status)), Answer: row.Answer, At: row.CreatedAt,
		}, false, nil
	}
}

// claimTries bounds how often a call that is in the way may vanish before it can be read.
const claimTries = 5

// AnswerCall keeps the answer to a claimed call. It does nothing if another process has
// claimed it since.
func (s *Store) AnswerCall(ctx context.Context, c RepeatableCall) error {
	_, err := s.fleet.AnswerCall(ctx, dbgen.AnswerCallParams{
		Status: int32(c.Status), Answer: c.Answer, CallerID: c.Caller, Key: c.Key, ClaimedAt: c.At,
	})
	if err != nil {
		return fmt.Errorf("keep the answer of a call: %w", err)
	}
	return nil
}

// ReleaseCall forgets a claimed call, so that it may be tried again.
func (s *Store) ReleaseCall(ctx context.Context, c RepeatableCall) error {
	if err := s.fleet.ReleaseCall(ctx, dbgen.ReleaseCallParams{CallerID: c.Caller, Key: c.Key, ClaimedAt: c.At}); err != nil {
		return fmt.Errorf("release a call: %w", err)
	}
	return nil
}

// PurgeCalls forgets the calls of longer than age ago and returns how many.
func (s *Store) PurgeCalls(ctx context.Context, age time.Duration) (int64, error) {
	n, err := s.purge(ctx, age, func(before time.Time) (int64, error) {
		return s.fleet.PurgeCalls(ctx, dbgen.PurgeCallsParams{Before: before, Batch: purgeBatch})
	})
	if err != nil {
		return n, fmt.Errorf("purge repeated calls: %w", err)
	}
	return n, nil
}
