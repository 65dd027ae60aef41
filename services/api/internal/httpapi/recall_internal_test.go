package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
)

func TestWhatIsOldIsFoundOutBehindTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r recall[int]
		found, wait := 0, time.Duration(0)
		var away error
		soon := func() (int, error) {
			return r.soon(t.Context(), "x", time.Now(), time.Minute, func(context.Context) (int, error) {
				time.Sleep(wait)
				found++
				return found, away
			})
		}
		is := func(want int) {
			t.Helper()
			if got, err := soon(); err != nil || got != want {
				t.Fatalf("%d, %v, want %d", got, err, want)
			}
		}
		is(1)
		time.Sleep(59 * time.Second)
		is(1)
		wait = time.Second
		time.Sleep(time.Second)
		is(1) // and asks for what is true now
		is(1) // once
		time.Sleep(2 * time.Second)
		is(2)
		away = errors.New("away")
		time.Sleep(2 * time.Minute)
		is(2)
		time.Sleep(2 * time.Second) // it was not found out
		is(2)
		time.Sleep(10 * time.Minute)
		if _, err := soon(); !errors.Is(err, away) {
			t.Errorf("what is too old is told, error %v", err)
		}
	})
}

// TestTheRequestsOwnContext is about contexts that go on behind an answer: Gin uses its
// own again for another request.
func TestTheRequestsOwnContext(t *testing.T) {
	t.Parallel()
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodGet, "/", nil).WithContext(context.WithValue(t.Context(), callerKey{}, Caller{Name: "a"}))
	kept := requestContext(c)
	c.Request = c.Request.WithContext(context.WithValue(t.Context(), callerKey{}, Caller{Name: "b"}))
	if name := callerOf(kept).Name; name != "a" {
		t.Errorf("it is of %q", name)
	}
	if ctx := t.Context(); requestContext(ctx) != ctx {
		t.Error("another context is another one")
	}
}
