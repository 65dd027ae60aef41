package auth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

// sessions is a table of sessions that counts how often it is asked.
type sessions struct {
	mu      sync.Mutex
	rows    map[string]postgres.Visitor
	asked   int
	touched int
	during  func() // while it is asked
}

func (s *sessions) VisitorByHash(_ context.Context, hash []byte) (postgres.Visitor, error) {
	s.mu.Lock()
	v, ok := s.rows[string(hash)]
	s.asked++
	during := s.during
	s.mu.Unlock()
	if during != nil {
		during()
	}
	if !ok {
		return v, postgres.ErrNotFound
	}
	return v, nil
}

func (s *sessions) TouchSession(_ context.Context, id uptime.ID, at, expires time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, v := range s.rows {
		if v.ID == id {
			v.LastSeenAt, v.ExpiresAt = at, expires
			s.rows[hash] = v
			s.touched++
		}
	}
	return errors.New("that it cannot be written is no reason to refuse the call")
}

func (s *sessions) add(remember bool) (token string, account uptime.ID) {
	token, now := auth.NewToken(), time.Now()
	hash, _ := auth.ParseToken(token)
	account = uptime.NewID(now)
	s.rows[string(hash)] = postgres.Visitor{Session: postgres.Session{
		ID: uptime.NewID(now), AccountID: account, Hash: hash, Remember: remember, CreatedAt: now, LastSeenAt: now,
		ExpiresAt: auth.SessionExpiry(now, now, remember),
	}}
	return token, account
}

func (s *sessions) drop(token string) {
	hash, _ := auth.ParseToken(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, string(hash))
}

func TestSessionsAreRememberedForMomentsOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sessions{rows: map[string]postgres.Visitor{}}
		token, account := s.add(false)
		here, there := auth.NewSessions(s, nil), auth.NewSessions(s, nil)
		for range 100 {
			for _, one := range []*auth.Sessions{here, there} {
				if _, err := one.Check(t.Context(), token); err != nil {
					t.Fatal(err)
				}
			}
		}
		if s.asked != 2 {
			t.Errorf("asked %d times for 200 calls of two replicas", s.asked)
		}
		s.drop(token)
		here.Forget(account)
		if _, err := here.Check(t.Context(), token); !errors.Is(err, auth.ErrDenied) {
			t.Errorf("forgotten here: %v", err)
		}
		time.Sleep(2 * time.Second)
		if _, err := there.Check(t.Context(), token); !errors.Is(err, auth.ErrDenied) {
			t.Errorf("two seconds later there: %v", err)
		}
	})
}

func TestWhatIsReadBeforeItIsForgottenIsNotRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sessions{rows: map[string]postgres.Visitor{}}
		token, account := s.add(false)
		checker := auth.NewSessions(s, nil)
		s.during = func() { // read, but not yet answered, the session ends
			s.during = nil
			s.drop(token)
			checker.Forget(account)
		}
		if _, err := checker.Check(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if _, err := checker.Check(t.Context(), token); !errors.Is(err, auth.ErrDenied) {
			t.Errorf("it is remembered: %v", err)
		}
	})
}

func TestUseOfASessionIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sessions{rows: map[string]postgres.Visitor{}}
		token, _ := s.add(false)
		checker := auth.NewSessions(s, nil)
		for range 100 {
			time.Sleep(6 * time.Second)
			if _, err := checker.Check(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		if s.touched != 10 {
			t.Errorf("written %d times in ten minutes", s.touched)
		}
	})
}

func TestSessionExpiry(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, tt := range []struct {
		after    time.Duration
		remember bool
		lasts    time.Duration
	}{
		{0, false, 12 * time.Hour}, {0, true, 30 * day}, {time.Hour, false, 13 * time.Hour}, {20 * day, true, 50 * day},
		{70 * day, true, 90 * day}, {90*day - time.Hour, false, 90 * day}, {100 * day, true, 90 * day},
	} {
		if got := auth.SessionExpiry(made, made.Add(tt.after), tt.remember).Sub(made); got != tt.lasts {
			t.Errorf("used after %s, remember %v: lasts %s, want %s", tt.after, tt.remember, got, tt.lasts)
		}
	}
}

func TestPasswordsOfNobody(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords()
	if ok, err := p.Check(t.Context(), "whatever it may be", ""); ok || err != nil {
		t.Errorf("nobody's password: %v, %v", ok, err)
	}
	hash, err := p.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := p.Check(t.Context(), "correct horse", hash); !ok || err != nil {
		t.Errorf("the right one: %v, %v", ok, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	busy := false
	for range 50 { // who does not wait takes no place
		_, err := p.Hash(gone, "short")
		busy = busy || errors.Is(err, auth.ErrBusy)
	}
	if busy {
		t.Error("places are lost")
	}
}
