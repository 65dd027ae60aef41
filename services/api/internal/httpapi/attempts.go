package httpapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

// limit is one count of somebody's failures, and how many it bears.
type limit struct {
	subject  string
	throttle auth.Throttle
	clear    bool // succeeding once ends the count
}

// signInLimits are the counts for trying passwords and codes: of the account, whether
// there is one or not, and of where it is tried from.
func signInLimits(ctx context.Context, email string) []limit {
	return []limit{
		{subject: auth.Subject("account", email), throttle: auth.AccountThrottle, clear: true},
		{subject: auth.Subject("address", subnet(visitOf(ctx).address)), throttle: auth.AddressThrottle},
	}
}

// attempt counts an attempt before it is known to fail, or refuses it.
func (s *Server) attempt(ctx context.Context, limits []limit) error {
	now := s.Now()
	return s.counts(ctx, limits, func(all []postgres.SignInFailures) error {
		var wait time.Duration
		for i, f := range all {
			after, blocked := limits[i].throttle.Try(failuresOf(f), now)
			wait = max(wait, blocked)
			takeFailures(&all[i], after)
		}
		if wait > 0 {
			return throttled(wait)
		}
		return nil
	})
}

// forgive takes an attempt back: nobody is to blame for it.
func (s *Server) forgive(ctx context.Context, limits []limit) error {
	return s.counts(context.WithoutCancel(ctx), limits, func(all []postgres.SignInFailures) error {
		for i, f := range all {
			takeFailures(&all[i], limits[i].throttle.Forgive(failuresOf(f)))
		}
		return nil
	})
}

// succeeded ends the count of an account whose holder was here.
func (s *Server) succeeded(ctx context.Context, limits []limit) error {
	return s.counts(ctx, limits, func(all []postgres.SignInFailures) error {
		for i, f := range all {
			after := limits[i].throttle.Forgive(failuresOf(f))
			if limits[i].clear {
				after.Count = 0
			}
			takeFailures(&all[i], after)
		}
		return nil
	})
}

func (s *Server) counts(ctx context.Context, limits []limit, change func([]postgres.SignInFailures) error) error {
	subjects := make([]string, len(limits))
	for i, l := range limits {
		subjects[i] = l.subject
	}
	return s.Store.UpdateSignInFailures(ctx, subjects, change)
}

func failuresOf(f postgres.SignInFailures) auth.Failures {
	return auth.Failures{Count: f.Failures, BlockedUntil: f.BlockedUntil, Last: f.Last}
}

func takeFailures(to *postgres.SignInFailures, f auth.Failures) {
	to.Failures, to.BlockedUntil, to.Last = f.Count, f.BlockedUntil, f.Last
}

func throttled(wait time.Duration) *problem {
	seconds := int(math.Ceil(wait.Seconds()))
	return &problem{
		status: http.StatusTooManyRequests, kind: "throttled", title: "Too many attempts", retryAfter: max(seconds, 1),
		detail: fmt.Sprintf("Too many attempts: try again in %d seconds.", max(seconds, 1)),
	}
}

// hashPassword hashes a new password.
func (s *Server) hashPassword(ctx context.Context, field, password string) (string, error) {
	if err := checkLength(field, password); err != nil {
		return "", err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	return hash, busyHashing(err)
}

// checkLength tells whether a new password may be one.
func checkLength(field, password string) error {
	if n := len(password); n < auth.MinPassword || n > auth.MaxPassword {
		return invalidField(field, fmt.Sprintf("must have %d to %d characters", auth.MinPassword, auth.MaxPassword))
	}
	return nil
}

// checkPassword tells whether a password has the hash, in the same time for the empty
// hash, which is nobody's.
func (s *Server) checkPassword(ctx context.Context, password, hash string) (bool, error) {
	ok, err := s.Passwords.Check(ctx, password, hash)
	return ok, busyHashing(err)
}

func busyHashing(err error) error {
	if errors.Is(err, auth.ErrBusy) {
		return busy("Too many people sign in at this moment; try again.")
	}
	return err
}
