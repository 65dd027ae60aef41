package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// How long a session lasts: so long without use, and never longer than so long.
const (
	SessionIdle     = 12 * time.Hour
	SessionRemember = 30 * 24 * time.Hour
	SessionMost     = 90 * 24 * time.Hour
)

const (
	// visitTime is how long a session that was looked up is believed. It is how late
	// another replica hears that somebody signed out, or has another role.
	visitTime = 2 * time.Second
	// visits bounds how many sessions are remembered.
	visits = 10_000
	// seenEvery is how often a session's use is written.
	seenEvery = time.Minute
	// tokenBytes are the random bytes of a token.
	tokenBytes = 32
)

// NewToken returns a fresh token of 256 random bits, for a cookie or a link.
func NewToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24.
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// ParseToken returns the hash by which a token is stored, and whether the text is a
// token at all. There is one text for each token.
func ParseToken(text string) (hash []byte, ok bool) {
	if len(text) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != tokenBytes || base64.RawURLEncoding.EncodeToString(b) != text {
		return nil, false
	}
	sum := sha256.Sum256(b)
	return sum[:], true
}

// SessionExpiry returns until when a session lasts that is used now.
func SessionExpiry(created, now time.Time, remember bool) time.Time {
	idle := SessionIdle
	if remember {
		idle = SessionRemember
	}
	at, most := now.Add(idle), created.Add(SessionMost)
	if at.After(most) {
		return most
	}
	return at
}

// SessionStore is where sessions are kept.
type SessionStore interface {
	VisitorByHash(ctx context.Context, hash []byte) (postgres.Visitor, error)
	TouchSession(ctx context.Context, id uptime.ID, at, expires time.Time) error
}

// Sessions checks the tokens of sessions. It is safe for concurrent use.
type Sessions struct {
	store SessionStore
	now   func() time.Time

	mu    sync.Mutex
	known map[[sha256.Size]byte]*visit
	drops int64 // how often something was forgotten
}

// visit is what is known of a session.
type visit struct {
	visitor postgres.Visitor
	fetched time.Time
}

// NewSessions returns a checker over a store; a nil clock is the wall's.
func NewSessions(store SessionStore, now func() time.Time) *Sessions {
	if now == nil {
		now = time.Now
	}
	return &Sessions{store: store, now: now, known: map[[sha256.Size]byte]*visit{}}
}

// Check returns whose session a token is of. Errors are ErrDenied, or the store's.
func (s *Sessions) Check(ctx context.Context, token string) (postgres.Visitor, error) {
	hash, ok := ParseToken(token)
	if !ok {
		return postgres.Visitor{}, fmt.Errorf("%w: shape of the session's token", ErrDenied)
	}
	now := s.now()
	v, err := s.lookUp(ctx, [sha256.Size]byte(hash), now)
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		return v, fmt.Errorf("%w: session", ErrDenied)
	case err != nil:
		return v, err
	case !now.Before(v.ExpiresAt):
		return postgres.Visitor{}, fmt.Errorf("%w: session expired", ErrDenied)
	}
	return s.touch(ctx, v, now), nil
}

// Forget makes a change of an account, of its sessions or of its roles known here at
// once. Other replicas hear of it when what they remember is too old to be believed.
func (s *Sessions) Forget(account uptime.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	for hash, v := range s.known {
		if v.visitor.AccountID == account {
			delete(s.known, hash)
		}
	}
}

// ForgetOrg is Forget for everybody who works in an organisation.
func (s *Sessions) ForgetOrg(org uptime.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	for hash, v := range s.known {
		if v.visitor.OrgID == org {
			delete(s.known, hash)
		}
	}
}

func (s *Sessions) lookUp(ctx context.Context, hash [sha256.Size]byte, now time.Time) (postgres.Visitor, error) {
	s.mu.Lock()
	if v := s.known[hash]; v != nil && now.Sub(v.fetched) < visitTime {
		s.mu.Unlock()
		return v.visitor, nil
	}
	drops := s.drops
	s.mu.Unlock()

	v, err := s.store.VisitorByHash(ctx, hash[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		delete(s.known, hash)
		return v, err
	}
	if s.drops != drops {
		return v, nil // read, perhaps, before what is to be forgotten
	}
	if len(s.known) >= visits {
		clear(s.known)
	}
	s.known[hash] = &visit{visitor: v, fetched: now}
	return v, nil
}

// touch writes that the session was used, at most once a minute. That it cannot be
// written is no reason to refuse the call.
func (s *Sessions) touch(ctx context.Context, v postgres.Visitor, now time.Time) postgres.Visitor {
	if now.Sub(v.LastSeenAt) < seenEvery {
		return v
	}
	v.LastSeenAt, v.ExpiresAt = now, SessionExpiry(v.CreatedAt, now, v.Remember)
	s.mu.Lock()
	known := s.known[[sha256.Size]byte(v.Hash)]
	due := known == nil || now.Sub(known.visitor.LastSeenAt) >= seenEvery
	if known != nil && due {
		known.visitor.LastSeenAt, known.visitor.ExpiresAt = v.LastSeenAt, v.ExpiresAt
	}
	s.mu.Unlock()
	if due {
		_ = s.store.TouchSession(ctx, v.ID, v.LastSeenAt, v.ExpiresAt)
	}
	return v
}
