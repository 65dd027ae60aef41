package app

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
	"github.com/probefleet/probefleet/services/aggregator/internal/judge"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// nowhere takes what is recorded and asked, and knows no monitor.
type nowhere struct{ units int }

func (n *nowhere) Record(_ context.Context, units []unit.Unit, _ []postgres.Position) ([]uptime.ID, error) {
	n.units += len(units)
	return nil, nil
}
func (n *nowhere) RecordTrouble(context.Context, []unit.Trouble) error { return nil }
func (n *nowhere) Ask([]unit.Ask)                                      {}
func (n *nowhere) Load(context.Context, []uptime.ID) ([]postgres.JudgedMonitor, error) {
	return nil, nil
}

// BenchmarkFold folds batches of a hundred results in which nothing changes, as they
// come from the stream, judging after each: 100,000 monitors in three regions. An
// operation is one result. The metric snapshot_ns is what a checkpoint costs besides
// the database, for each monitor that was touched.
func BenchmarkFold(b *testing.B) {
	const monitors, perBatch = 100_000, 100
	names := []string{"ap-south", "eu-west", "us-east"}
	void := &nowhere{}
	j := judge.New(judge.Config{Recorder: void, Asker: void, Loader: void})
	start := uptime.InstantOf(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	if err := j.SetRegions(b.Context(), []unit.Region{
		{Name: names[0], Enabled: true, Live: true}, {Name: names[1], Enabled: true, Live: true}, {Name: names[2], Enabled: true, Live: true},
	}, start); err != nil {
		b.Fatal(err)
	}
	ids := make([]uptime.ID, monitors)
	for i := range ids {
		ids[i] = uptime.NewID(start.Time())
		j.Put(&postgres.JudgedMonitor{Watched: postgres.Watched{TargetRevision: 1, Monitor: uptime.Monitor{
			ID: ids[i], Revision: 1, Interval: 3 * time.Minute, Timeout: 10 * time.Second, Policy: uptime.DefaultPolicy,
		}}}, start)
	}
	batch := func(dst []byte, from int, region string, due uptime.Instant) []byte {
		dst = dst[:0]
		for i := range perBatch {
			dst = wire.EncodeResult(dst, &uptime.Result{
				Monitor: ids[(from+i)%monitors], Revision: 1, Region: region, Due: due, Started: due.Add(3 * time.Millisecond),
				Outcome: uptime.OutcomePass, Code: 200, Phases: uptime.Phases{Connect: 5e6, TTFB: 9e6, Total: 2e7}, IP: "192.0.2.77",
				Site: "one", Worker: "worker-1", Attempts: 1,
			})
		}
		return dst
	}
	now := start
	fold := func(payload []byte, region string) {
		if err := wire.DecodeResults(payload, region, func(r *uptime.Result) { j.Result(r, now) }); err != nil {
			b.Fatal(err)
		}
		if err := j.Advance(b.Context(), now, false); err != nil {
			b.Fatal(err)
		}
	}
	var buf []byte
	for from := 0; from < monitors; from += perBatch {
		for _, region := range names {
			buf = batch(buf, from, region, now)
			fold(buf, region)
		}
	}
	if err := j.Checkpoint(b.Context(), now, nil); err != nil {
		b.Fatal(err)
	}
	const prepared = 999
	batches := make([][]byte, prepared)
	for i := range batches {
		batches[i] = batch(nil, i*perBatch*7, names[i%3], start.Add(time.Minute))
	}
	// Each time round the same batches come with later dues, which are patched in.
	last := binary.LittleEndian.AppendUint64(nil, uint64(start.Add(time.Minute)))
	dues := make([][]int, prepared)
	for i, payload := range batches {
		for at := 0; ; at += 8 {
			next := bytes.Index(payload[at:], last)
			if next < 0 {
				break
			}
			at += next
			dues[i] = append(dues[i], at)
		}
		if len(dues[i]) != perBatch {
			b.Fatalf("found %d dues in a batch of %d", len(dues[i]), perBatch)
		}
	}
	due := start.Add(time.Minute)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += perBatch {
		i := n / perBatch % prepared
		if i == 0 {
			due, now = due.Add(time.Second), due.Add(time.Second)
		}
		for _, at := range dues[i] {
			binary.LittleEndian.PutUint64(batches[i][at:], uint64(due))
		}
		fold(batches[i], names[i%3])
	}
	b.StopTimer()
	void.units = 0
	began := time.Now()
	if err := j.Checkpoint(b.Context(), now, nil); err != nil {
		b.Fatal(err)
	}
	if void.units > 0 {
		b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(void.units), "snapshot_ns")
	}
}
