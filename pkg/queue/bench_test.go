//go:build integration

package queue_test

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// A slot of 250 ms of a million monitors every 180 s: client and server together.
func BenchmarkPushSlot1389(b *testing.B) {
	r := newRig(b)
	checks := make([][]byte, 1389)
	for i := range checks {
		checks[i] = encode(i, base)
	}
	prev := uptime.Instant(0)
	slot := base
	for b.Loop() {
		done, err := r.PushSlot(b.Context(), lane, queue.Push{Epoch: 1, Prev: prev, Slot: slot, Checks: checks})
		if err != nil || !done.Accepted {
			b.Fatal(done, err)
		}
		prev, slot = slot, slot.Add(250*time.Millisecond)
		b.StopTimer()
		r.raw.XTrimMaxLen(b.Context(), "pf:{eu-west.0}:checks", 0)
		b.StartTimer()
	}
	perCheck(b, len(checks))
}

func perCheck(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/check")
}

func BenchmarkReadAndCommit128(b *testing.B) {
	for _, part := range []string{"read", "commit"} {
		b.Run(part, func(b *testing.B) {
			r := newRig(b)
			w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				r.push(b, 1, 128)
				if part == "read" {
					b.StartTimer()
				}
				entries, err := w.Read(b.Context(), 128, 128)
				if err != nil || len(entries) != 128 {
					b.Fatal(len(entries), err)
				}
				if part == "read" {
					b.StopTimer()
				}
				items := finish(entries, uptime.OutcomePass)
				if part == "commit" {
					b.StartTimer()
				}
				if _, err := w.Commit(b.Context(), items); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			perCheck(b, 128)
		})
	}
}
