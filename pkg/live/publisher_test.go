package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// taker takes events as Redis does, or fails, or hangs.
type taker struct {
	events []queue.LiveEvent
	err    error
	hangs  bool
}

func (k *taker) AddLive(ctx context.Context, events []queue.LiveEvent) error {
	if k.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if k.err == nil {
		k.events = append(k.events, events...)
	}
	return k.err
}

func counted(t *testing.T, reg *prometheus.Registry, name, why string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (why == "" || m.GetLabel()[0].GetValue() == why) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func config(n int) live.Event {
	return live.Event{Body: live.Config{Change: live.Changed, Object: live.ObjectWebsite, ID: strings.Repeat("x", n)}}
}

func TestEventsArePublishedInTheirOrderAndToTheLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := &taker{}
		p := live.NewPublisher(to, nil, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		for n := range 300 {
			p.Publish(config(n))
		}
		cancel() // what was published before still goes out
		if err := p.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(to.events) != 300 {
			t.Fatalf("%d events, want 300", len(to.events))
		}
		for n, e := range to.events {
			var c live.Config
			if err := json.Unmarshal(e.Data, &c); err != nil || len(c.ID) != n || e.Type != "config" {
				t.Fatalf("event %d is %s %s, %v", n, e.Type, e.Data, err)
			}
		}
	})
}

func TestPublishingNeverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		p := live.NewPublisher(&taker{hangs: true}, reg, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		begun := time.Now()
		for range 10_000 {
			p.Publish(config(1))
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("publishing waited %v for a Redis that hangs", took)
		}
		if n := counted(t, reg, "probefleet_live_dropped_total", "full"); n < 5_000 {
			t.Errorf("%v counted as dropped, want what the buffer did not take", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("stopping took %v", took)
		}
	})
}

func TestWhatRedisRefusesIsCountedAndGivenUp(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	to := &taker{err: errors.New("OOM")}
	p := live.NewPublisher(to, reg, slog.New(slog.DiscardHandler))
	p.Publish(config(1), config(2))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if n := counted(t, reg, "probefleet_live_dropped_total", "redis"); n != 2 {
		t.Errorf("%v counted, want 2", n)
	}
	var nobody *live.Publisher
	nobody.Publish(config(1)) // nothing to tell, nothing to break
}

func TestTextsOfEventsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 4000)
	to := &taker{}
	p := live.NewPublisher(to, nil, slog.New(slog.DiscardHandler))
	p.Publish(
		live.Event{Body: live.Verdict{WebsiteName: long, MonitorName: long, Explanation: long, To: uptime.VerdictDown}},
		live.Event{Body: live.Incident{WebsiteName: long, Explanation: long, By: long}},
		live.Event{Body: live.Fleet{Explanation: long}},
	)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Run(ctx); err != nil || len(to.events) != 3 {
		t.Fatalf("%d events, %v", len(to.events), err)
	}
	for _, e := range to.events {
		if len(e.Data) > 2200 || !json.Valid(e.Data) || strings.Contains(string(e.Data), "�") {
			t.Errorf("%s of %d bytes", e.Type, len(e.Data))
		}
	}
}
