package target

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

func start(t *testing.T, delay time.Duration) Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- Serve(ctx, port, delay) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	c := Client{Port: port}
	deadline := time.Now().Add(time.Minute)
	for {
		if _, err = c.Stats(t.Context()); err == nil {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// get asks a website on a connection of its own.
func get(ctx context.Context, t *testing.T, c Client, site int) (status int, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, URL(c.Port, site), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

func TestWebsitesTurnBadAndAreCounted(t *testing.T) {
	t.Parallel()
	c := start(t, time.Millisecond)
	ctx := t.Context()
	if err := c.SetMode(ctx, 100, 110, 503); err != nil {
		t.Fatal(err)
	}
	for site, want := range map[int]int{0: 200, 99: 200, 100: 503, 109: 503, 110: 200, MaxSites - 1: 200, MaxSites: 404} {
		if got, err := get(ctx, t, c, site); err != nil || got != want {
			t.Errorf("site %d answers %d, %v; want %d", site, got, err, want)
		}
	}
	stats, err := c.Stats(ctx)
	if err != nil || stats.Requests != 6 || stats.Sites != 6 || stats.LastFirst.Before(stats.Mark) {
		t.Errorf("counted %+v, %v; want 6 requests of 6 sites", stats, err)
	}
	if err := c.Mark(ctx); err != nil {
		t.Fatal(err)
	}
	if stats, err := c.Stats(ctx); err != nil || stats.Requests != 0 || stats.Sites != 0 {
		t.Errorf("after the mark %+v, %v", stats, err)
	}
	if err := c.SetMode(ctx, 0, MaxSites+1, 500); err == nil {
		t.Error("sites that do not exist turned bad")
	}
}

func TestAWebsiteHangs(t *testing.T) {
	t.Parallel()
	c := start(t, 0)
	if err := c.SetMode(t.Context(), 7, 8, ModeHang); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if status, err := get(ctx, t, c, 7); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it answers %d, %v", status, err)
	}
	if stats, err := c.Stats(t.Context()); err != nil || stats.Requests != 1 {
		t.Errorf("counted %+v, %v", stats, err)
	}
}
