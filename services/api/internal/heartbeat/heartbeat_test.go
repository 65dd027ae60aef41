package heartbeat

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	seen := map[Hash]bool{}
	for range 1000 {
		token := NewToken()
		hash, ok := HashOf(token)
		if !ok || len(token) != 35 || seen[hash] {
			t.Fatalf("token of %d bytes, known %v, seen %v", len(token), ok, seen[hash])
		}
		seen[hash] = true
	}
	good := NewToken()
	for _, bad := range []string{
		"", "hb_", good[3:], good + "a", good[:34], strings.ToUpper(good), "hb_" + strings.Repeat("1", 32), "pf_" + good[3:], " " + good,
	} {
		if _, ok := HashOf(bad); ok {
			t.Errorf("%q is taken for a token", bad)
		}
	}
}

func TestMessageIsOneLineOfPlainText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "  disk full\n": "disk full", "a\tb\r\nc": "a b  c", "a\x00b\x1b[31mc": "ab[31mc", "bad\xffutf8": "bad\uFFFDutf8",
		strings.Repeat("x", 300):          strings.Repeat("x", 256),
		"x" + strings.Repeat("ü", 200):    "x" + strings.Repeat("ü", 127),
		strings.Repeat("\u2028", 3) + "y": "y",
	} {
		if got := message(in); got != want {
			t.Errorf("message(%q) = %q, want %q", in, got, want)
		}
	}
}

// engines are a database and a queue that can be away.
type engines struct {
	mu       sync.Mutex
	tokens   map[Hash]postgres.Called
	database error
	redis    error
	lookups  int
	calls    []uptime.Result
	marks    []uptime.Instant
}

func (e *engines) HeartbeatByToken(_ context.Context, hash []byte) (postgres.Called, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lookups++
	if e.database != nil {
		return postgres.Called{}, e.database
	}
	called, ok := e.tokens[Hash(hash)]
	if !ok {
		return called, postgres.ErrNotFound
	}
	return called, nil
}

func (e *engines) Ping(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.database
}

func (e *engines) WriteCall(_ context.Context, _ int, r *uptime.Result) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.redis == nil {
		e.calls = append(e.calls, *r)
	}
	return e.redis
}

func (e *engines) MarkListening(_ context.Context, _ int, at uptime.Instant) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.redis == nil {
		e.marks = append(e.marks, at)
	}
	return e.redis
}

func (e *engines) marked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.marks)
}

func (e *engines) away(database, redis error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.database, e.redis = database, redis
}

// wall is a clock that synctest moves.
type wall struct{}

func (wall) Now() uptime.Instant { return uptime.InstantOf(time.Now()) }
func (wall) Synced() bool        { return true }

func newDesk(t *testing.T) (*Desk, *engines, string) {
	t.Helper()
	token := NewToken()
	hash, _ := HashOf(token)
	e := &engines{tokens: map[Hash]postgres.Called{hash: {Monitor: uptime.ID{7}, Revision: 3}}}
	d, err := New(Config{Store: e, Queue: e, Clock: wall{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return d, e, token
}

func take(t *testing.T, d *Desk, token string, c Call, want error) {
	t.Helper()
	if err := d.Take(t.Context(), token, c); !errors.Is(err, want) {
		t.Fatalf("take: %v, want %v", err, want)
	}
}

func TestACallIsAResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, e, token := newDesk(t)
		at := uptime.InstantOf(time.Now())
		take(t, d, token, Call{Run: time.Minute, Message: "42 files"}, nil)
		take(t, d, token, Call{Failed: true, Message: "disk full"}, nil)
		take(t, d, token, Call{Begins: true, Failed: true}, nil)
		base := uptime.Result{Monitor: uptime.ID{7}, Revision: 3, Region: "heartbeat", Attempts: 1}
		ok, bad, begin := base, base, base
		ok.Due, ok.Started, ok.Outcome, ok.Detail, ok.Phases.Total = at, at, uptime.OutcomePass, "42 files", time.Minute
		bad.Due, bad.Started, bad.Outcome, bad.Reason, bad.Detail = at+1000, at+1000, uptime.OutcomeFail, uptime.ReasonReported, "disk full"
		begin.Due, begin.Started, begin.Begins = at+2000, at+2000, true
		if diff := cmp.Diff([]uptime.Result{ok, bad, begin}, e.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if ok.Due.IsUrgent() {
			t.Error("a call is off the grid of the slots: its tick would be that of an urgent check")
		}
		take(t, d, NewToken(), Call{}, ErrUnknown)
		take(t, d, "hb_nonsense", Call{}, ErrUnknown)
		if e.lookups != 2 {
			t.Errorf("%d questions to the database, want one for each token that may be one", e.lookups)
		}
	})
}

func TestATokenIsKnownForAMinuteAndLongerWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, e, token := newDesk(t)
		hash, _ := HashOf(token)
		take(t, d, token, Call{}, nil)
		e.away(errors.New("away"), nil)
		time.Sleep(30 * time.Second)
		take(t, d, token, Call{}, nil)
		time.Sleep(time.Hour)
		take(t, d, token, Call{}, nil) // nobody has said that it is none
		take(t, d, NewToken(), Call{}, ErrAway)
		e.away(nil, nil)
		before := e.lookups
		take(t, d, token, Call{}, nil)
		take(t, d, token, Call{}, nil)
		if e.lookups != before+1 {
			t.Errorf("%d questions, want one a minute", e.lookups-before)
		}
		delete(e.tokens, hash) // replaced on another replica
		time.Sleep(time.Minute)
		take(t, d, token, Call{}, ErrUnknown)
		take(t, d, token, Call{}, ErrUnknown)
	})
}

func TestAForgottenTokenIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, e, token := newDesk(t)
		take(t, d, token, Call{}, nil)
		hash, _ := HashOf(token)
		delete(e.tokens, hash)
		d.Forget(hash[:])
		d.Forget(nil)
		take(t, d, token, Call{}, ErrUnknown)
	})
}

func TestATokenMayCallOnceASecondAndTenTimesInABurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, e, token := newDesk(t)
		for range burst {
			take(t, d, token, Call{}, nil)
		}
		take(t, d, token, Call{}, ErrTooMany)
		time.Sleep(time.Second)
		take(t, d, token, Call{}, nil)
		take(t, d, token, Call{}, ErrTooMany)
		if len(e.calls) != burst+1 {
			t.Errorf("%d calls recorded", len(e.calls))
		}
	})
}

func TestWithoutRedisACallIsNotTaken(t *testing.T) {
	t.Parallel()
	d, e, token := newDesk(t)
	e.away(nil, errors.New("no redis"))
	take(t, d, token, Call{}, ErrAway)
	e.away(nil, nil)
	take(t, d, token, Call{}, nil)
}

// It is only marked that calls can be taken while tokens can be looked up and calls can be
// written.
func TestItListensWhileBothEnginesAreThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, e, _ := newDesk(t)
		var open atomic.Bool
		d.cfg.Gate = func() error {
			if !open.Load() {
				return errors.New("no schema")
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Listen(ctx) }()
		marks := func(after time.Duration) int {
			before := e.marked()
			time.Sleep(after)
			synctest.Wait()
			return e.marked() - before
		}
		if n := marks(12 * time.Second); n != 0 {
			t.Errorf("%d marks before anything can be served", n)
		}
		open.Store(true)
		if n := marks(15 * time.Second); n != 3 {
			t.Errorf("%d marks in 15 s, want three", n)
		}
		for _, broken := range [][2]error{{errors.New("no database"), nil}, {nil, errors.New("no redis")}} {
			e.away(broken[0], broken[1])
			if n := marks(15 * time.Second); n != 0 {
				t.Errorf("%d marks with %v", n, broken)
			}
			e.away(nil, nil)
			if n := marks(1500 * time.Millisecond); n != 1 {
				t.Errorf("%d marks right afterwards, want one", n)
			}
			if n := marks(10 * time.Second); n != 2 {
				t.Errorf("%d marks in the next ten seconds, want two", n)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
