package httpprobe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// outcomes gathers what many checks that want the same token get.
func outcomes(ctx context.Context, n int, t *tokens, ask grant) map[string]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	out := map[string]int{}
	for range n {
		all.Go(func() {
			text, _, err := t.get(ctx, tokenKey{1}, ask)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				text = err.Error()
			}
			out[text]++
		})
	}
	all.Wait()
	return out
}

func TestManyChecksAskOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		tokens := newTokens()
		ask := func(context.Context) (string, time.Duration, *link.Failure) {
			asked++
			time.Sleep(time.Second)
			return fmt.Sprint("token ", asked), time.Minute, nil
		}
		if got := outcomes(t.Context(), 500, tokens, ask); asked != 1 || got["token 1"] != 500 {
			t.Errorf("asked %d times for %v", asked, got)
		}
		time.Sleep(59 * time.Second)
		if got := outcomes(t.Context(), 10, tokens, ask); asked != 1 || got["token 1"] != 10 {
			t.Errorf("asked %d times while it held, for %v", asked, got)
		}
		time.Sleep(2 * time.Second)
		if got := outcomes(t.Context(), 10, tokens, ask); asked != 2 || got["token 2"] != 10 {
			t.Errorf("asked %d times after it had expired, for %v", asked, got)
		}
	})
}

func TestIssuerThatRefusesIsLeftAloneForAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		tokens := newTokens()
		ask := func(context.Context) (string, time.Duration, *link.Failure) {
			asked++
			time.Sleep(100 * time.Millisecond)
			return "", 0, link.Failf(uptime.ReasonAuth, "no %d", asked)
		}
		if got := outcomes(t.Context(), 100, tokens, ask); asked != 1 || got["no 1"] != 100 {
			t.Errorf("asked %d times, %v", asked, got)
		}
		if got := outcomes(t.Context(), 100, tokens, ask); asked != 1 || got["no 1"] != 100 {
			t.Errorf("asked %d times right after, %v", asked, got)
		}
		time.Sleep(refusalLife)
		if got := outcomes(t.Context(), 100, tokens, ask); asked != 2 || got["no 2"] != 100 {
			t.Errorf("asked %d times later, %v", asked, got)
		}
	})
}

// What only looks broken may be well the next moment: a check that tries again does ask.
func TestBrokenConnectionToTheIssuerIsNotRemembered(t *testing.T) {
	t.Parallel()
	asked := 0
	tokens := newTokens()
	ask := func(context.Context) (string, time.Duration, *link.Failure) {
		if asked++; asked == 1 {
			return "", 0, &link.Failure{Reason: uptime.ReasonReset, Detail: "reset"}
		}
		return "token", time.Minute, nil
	}
	if _, _, err := tokens.get(t.Context(), tokenKey{}, ask); err == nil || err.Error() != "reset" {
		t.Errorf("got %v", err)
	}
	if text, cached, err := tokens.get(t.Context(), tokenKey{}, ask); err != nil || text != "token" || cached {
		t.Errorf("got %q, %v, %v", text, cached, err)
	}
}

// A check that had little time must not cost the others, which have more, theirs.
func TestShortOfTimeAsksForItselfOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		tokens := newTokens()
		ask := func(ctx context.Context) (string, time.Duration, *link.Failure) {
			asked++
			select {
			case <-ctx.Done():
				return "", 0, &link.Failure{Reason: uptime.ReasonTimeout, Detail: "late"}
			case <-time.After(3 * time.Second):
				return "token", time.Minute, nil
			}
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var first error
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _, first = tokens.get(short, tokenKey{1}, ask)
		}()
		synctest.Wait()
		if got := outcomes(t.Context(), 20, tokens, ask); got["token"] != 20 || asked != 2 {
			t.Errorf("asked %d times, %v", asked, got)
		}
		<-done
		if failed := (*link.Failure)(nil); !errors.As(first, &failed) || failed.Detail != "late" {
			t.Errorf("the first got %v", first)
		}
	})
}

// Nor must waiting for another's answer cost a check more than its own time.
func TestWaitingForATokenEndsWithTheCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens()
		slow := func(context.Context) (string, time.Duration, *link.Failure) {
			time.Sleep(time.Minute)
			return "token", time.Minute, nil
		}
		go func() { _, _, _ = tokens.get(t.Context(), tokenKey{1}, slow) }()
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, _, err := tokens.get(short, tokenKey{1}, slow); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > time.Second+deadlineGrace {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		time.Sleep(time.Minute)
	})
}

// A panic outside of the check's own goroutine would end the worker.
func TestPanicOverATokenEndsOneCheckOnly(t *testing.T) {
	t.Parallel()
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "boom") {
			t.Errorf("recovered %v", v)
		}
	}()
	_, _, _ = newTokens().get(t.Context(), tokenKey{}, func(context.Context) (string, time.Duration, *link.Failure) { panic("boom") })
}

func TestForgetDropsNoNewerToken(t *testing.T) {
	t.Parallel()
	tokens := newTokens()
	tokens.keep(tokenKey{1}, token{text: "new"}, time.Minute)
	tokens.forget(tokenKey{1}, "old")
	if found, ok := tokens.find(tokenKey{1}); !ok || found.text != "new" {
		t.Error("the new token was dropped for the old one")
	}
	tokens.forget(tokenKey{1}, "new")
	if _, ok := tokens.find(tokenKey{1}); ok {
		t.Error("the refused token stayed")
	}
}

func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	tokens := newTokens()
	for i := range uint64(maxTokens + 100) {
		var key tokenKey
		binary.BigEndian.PutUint64(key[:], i)
		tokens.keep(key, token{text: "x"}, time.Hour)
	}
	if n := len(tokens.byKey); n != maxTokens {
		t.Errorf("keeps %d, want %d", n, maxTokens)
	}
}

func TestKeysOfTokensHideTheCredentials(t *testing.T) {
	t.Parallel()
	auth := monitorspec.Auth{Type: "oauth2", TokenURL: "https://a.example/token", ClientID: "probe", ClientSecret: "hunter22"}
	key := keyOf(&auth, &monitorspec.ClientTLS{})
	if strings.Contains(string(key[:]), "hunter") {
		t.Error("the key holds the secret")
	}
	other := auth
	other.ClientSecret = "hunter23"
	if keyOf(&other, &monitorspec.ClientTLS{}) == key || keyOf(&auth, &monitorspec.ClientTLS{SkipVerify: true}) == key {
		t.Error("different credentials, or another trust, share a token")
	}
}
