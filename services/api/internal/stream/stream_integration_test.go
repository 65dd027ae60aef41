//go:build integration

package stream_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/stream"
)

// cut makes Redis unreachable.
type cut struct {
	on   atomic.Bool
	hits atomic.Int64
}

var errCut = errors.New("cut (by the test)")

func (c *cut) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *cut) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if c.on.Load() {
			c.hits.Add(1)
			cmd.SetErr(errCut)
			return errCut
		}
		return next(ctx, cmd)
	}
}

func (c *cut) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

type rig struct {
	*testing.T
	hub   *stream.Hub
	queue *queue.Client // of who publishes
	raw   *redis.Client
	cut   *cut
	org   uptime.ID
}

func newRig(t *testing.T, change ...func(*stream.Config)) *rig {
	t.Helper()
	url := redistest.URL(t)
	r := &rig{T: t, cut: &cut{}, org: uptime.NewID(time.Now())}
	opt, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	r.raw = redis.NewClient(opt)
	open := func(hooks ...redis.Hook) *queue.Client {
		c, err := queue.Open(t.Context(), queue.Config{URL: url, Block: 50 * time.Millisecond, Hooks: hooks, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	r.queue = open()
	cfg := stream.Config{Queue: open(r.cut), Log: slog.New(slog.DiscardHandler)}
	for _, one := range change {
		one(&cfg)
	}
	r.hub = stream.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.hub.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = r.raw.Close()
	})
	return r
}

func (r *rig) subscribe() *stream.Subscription {
	r.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		s, err := r.hub.Subscribe(stream.Wish{Org: r.org, Key: "k"})
		if err == nil {
			r.Cleanup(s.Close)
			return s
		}
		if !errors.Is(err, stream.ErrNotReady) || time.Now().After(deadline) {
			r.Fatal(err)
		}
	}
}

// cutOff returns once the hub has noticed that Redis is away.
func (r *rig) cutOff() {
	r.Helper()
	r.cut.on.Store(true)
	for deadline := time.Now().Add(time.Minute); r.cut.hits.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatal("the hub does not read")
		}
	}
}

func (r *rig) publish(from, to int) {
	r.Helper()
	var events []queue.LiveEvent
	for n := from; n <= to; n++ {
		events = append(events, queue.LiveEvent{Org: r.org, Type: "config", Data: fmt.Append(nil, n)})
	}
	if err := r.queue.AddLive(r.Context(), events); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) next(s *stream.Subscription) stream.Event {
	r.Helper()
	select {
	case e := <-s.Events():
		return e
	case <-s.Done():
		r.Fatal(s.Err())
	case <-time.After(time.Minute):
		r.Fatal("no event within a minute")
	}
	return stream.Event{}
}

func (r *rig) expect(s *stream.Subscription, from, to int) {
	r.Helper()
	for n := from; n <= to; n++ {
		if e := r.next(s); string(e.Data) != fmt.Sprint(n) {
			r.Fatalf("got %s %s, want number %d", e.Type, e.Data, n)
		}
	}
}

func TestAnOutageOfRedisLosesNothingThatIsStillThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.subscribe()
	r.publish(1, 3)
	r.expect(s, 1, 3)
	r.cutOff()
	r.publish(4, 300)
	r.cut.on.Store(false)
	r.expect(s, 4, 300)
}

func TestLostEventsAreTold(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(r *rig) error{
		"Redis lost its data": func(r *rig) error {
			if err := r.raw.FlushDB(r.Context()).Err(); err != nil {
				return err
			}
			// It goes on with a clock that is behind.
			return r.raw.XAdd(r.Context(), &redis.XAddArgs{Stream: "pf:{live}:events", ID: "5-0", Values: []any{"t", "config", "d", "0"}}).Err()
		},
		"too many at once": func(r *rig) error {
			for range queue.LiveKept/500 + 2 {
				r.publish(1, 500)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			s := r.subscribe()
			r.publish(1, 1)
			r.expect(s, 1, 1)
			r.cutOff()
			if err := lose(r); err != nil {
				t.Fatal(err)
			}
			r.cut.on.Store(false)
			if e := r.next(s); e.Type != stream.TypeReset || string(e.Data) != `{"reason":"lost"}` {
				t.Fatalf("got %s %s, want a reset", e.Type, e.Data)
			}
			r.publish(7, 9)
			r.expect(s, 7, 9)
		})
	}
}

func TestWhoDoesNotReadIsLetGoAndNobodyElse(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *stream.Config) { c.Buffer = 150 })
	slow, fast := r.subscribe(), r.subscribe()
	for n := 1; n <= 200; n++ {
		r.publish(n, n)
		r.expect(fast, n, n)
	}
	select {
	case <-slow.Done():
	default:
		t.Fatal("it is still there")
	}
	if !errors.Is(slow.Err(), stream.ErrSlow) || fast.Err() != nil {
		t.Errorf("ended by %v and %v", slow.Err(), fast.Err())
	}
	if _, err := r.hub.Subscribe(stream.Wish{Org: r.org, Key: "k"}); err != nil {
		t.Errorf("its place is not free: %v", err)
	}
}

// TestAReplicaThatIsBehindRepeatsNothing has a client come from a replica that had told
// it what this one has yet to read.
func TestAReplicaThatIsBehindRepeatsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.subscribe()
	r.cutOff()
	r.publish(1, 3)
	seen, err := r.queue.LiveRange(t.Context(), queue.LiveStart, "+", 10)
	if err != nil || len(seen) != 3 {
		t.Fatalf("%d events, %v", len(seen), err)
	}
	s, err := r.hub.Subscribe(stream.Wish{Org: r.org, Key: "k", After: seen[1].ID})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if at, _ := s.Position(); at != seen[1].ID {
		t.Errorf("it would go on from %s, want %s", at, seen[1].ID)
	}
	r.cut.on.Store(false)
	if err := s.Resume(t.Context(), func(e stream.Event) error {
		return fmt.Errorf("told %s from the past, of which this replica has read nothing", e.Data)
	}); err != nil {
		t.Fatal(err)
	}
	r.publish(4, 4)
	r.expect(s, 3, 4)
	r.expect(first, 1, 4)
}
