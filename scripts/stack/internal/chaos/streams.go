package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// laneKey names a key of a region's only lane, as pkg/queue does.
func laneKey(region, part string) string {
	return "pf:{" + queue.Lane{Region: region}.String() + "}:" + part
}

// unknownField is what a newer version may add to any message.
func unknownField(b []byte) []byte {
	const number = 15_000
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), "from the future")
}

// newerMessages puts urgent checks, and results that were there before, with an unknown
// field on the region's streams.
func (r *Rig) newerMessages(ctx context.Context) error {
	queued, err := r.raw.XRangeN(ctx, laneKey(theRegion, "checks"), "-", "+", 20).Result()
	if err != nil {
		return err
	}
	pipe := r.raw.TxPipeline()
	for i, m := range queued {
		body, _ := m.Values["m"].(string)
		check, err := wire.DecodeCheck([]byte(body), theRegion)
		if err != nil {
			return fmt.Errorf("a queued check: %w", err)
		}
		check.Request, check.Due = uptime.NewID(check.Due.Time()), check.Due+uptime.Instant(1000*(i+1))
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: laneKey(theRegion, "urgent"), Values: []any{"m", unknownField(wire.EncodeCheck(nil, &check))}})
	}
	pipe.HIncrBy(ctx, laneKey(theRegion, "ledger"), "urgent_scheduled", int64(len(queued)))
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	return r.repeatResults(ctx, theRegion, 50, unknownField)
}

// repeatResults puts the newest results on a region's stream again, in another order
// and changed by change.
func (r *Rig) repeatResults(ctx context.Context, region string, most int64, change func([]byte) []byte) error {
	stream := laneKey(region, "results")
	got, err := r.raw.XRevRangeN(ctx, stream, "+", "-", most).Result()
	if err != nil {
		return err
	}
	rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	pipe := r.raw.Pipeline()
	for _, m := range got {
		body, _ := m.Values["r"].(string)
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: []any{"n", m.Values["n"], "r", change([]byte(body))}})
	}
	_, err = pipe.Exec(ctx)
	return err
}

// garbage puts n messages that nobody can read on every stream of every region, spread
// over all of them in turn. The ledger counts them as scheduled, as it would those of
// a pusher gone mad.
func garbage(n int) injection {
	return func(ctx context.Context, r *Rig) (func(context.Context) error, error) {
		const batch = 1000
		junk := make([]byte, 64)
		junk[0] = 0x0f // a field of a wire type that there is not: it can never be read by chance
		for _, region := range r.regions {
			r.forged[region] += int64(n)
			for sent := 0; sent < n; sent += batch {
				pipe := r.raw.TxPipeline()
				for range batch {
					for i := range junk[1:] {
						junk[1+i] = byte(rand.IntN(256))
					}
					pipe.XAdd(ctx, &redis.XAddArgs{Stream: laneKey(region, "checks"), Values: []any{"m", string(junk)}})
					pipe.XAdd(ctx, &redis.XAddArgs{Stream: laneKey(region, "urgent"), Values: []any{"other", string(junk)}})
					pipe.XAdd(ctx, &redis.XAddArgs{Stream: laneKey(region, "results"), Values: []any{"n", 1, "r", string(junk)}})
				}
				pipe.HIncrBy(ctx, laneKey(region, "ledger"), "scheduled", batch)
				pipe.HIncrBy(ctx, laneKey(region, "ledger"), "urgent_scheduled", batch)
				if _, err := pipe.Exec(ctx); err != nil {
					return nil, err
				}
			}
		}
		return always, nil
	}
}

// repeatAll repeats results of every region all the time.
func repeatAll(ctx context.Context, r *Rig) (func(context.Context) error, error) {
	ctx, cancel := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() {
		const every = 200_000_000 // ns
		for sleep(ctx, every) == nil {
			for _, region := range r.regions {
				err := r.repeatResults(ctx, region, 30, func(b []byte) []byte { return b })
				if err != nil && ctx.Err() == nil {
					failed <- err
					return
				}
			}
		}
		failed <- nil
	}()
	return func(context.Context) error {
		cancel()
		return <-failed
	}, nil
}

// deadLetters returns how many of the kinds became dead letters in all regions since then.
func (r *Rig) deadLetters(ctx context.Context, since time.Time, kinds ...string) (n int, err error) {
	const most = 10_000 // about as many as are kept
	for _, region := range r.regions {
		letters, err := r.queue.DeadLetters(ctx, queue.Lane{Region: region}, most)
		if err != nil {
			return n, err
		}
		for _, l := range letters {
			if slices.Contains(kinds, l.Kind) && l.At.After(since) {
				n++
			}
		}
	}
	return n, nil
}

// lettersOf checks that at least so many of the kinds became dead letters.
func lettersOf(least int, kinds ...string) look {
	return func(ctx context.Context, r *Rig, p *play) []Check {
		n, err := r.deadLetters(ctx, p.broke, kinds...)
		c := Check{What: "dead letters:", Got: fmt.Sprint(n), OK: err == nil && n >= least}
		if err != nil {
			c.Got = err.Error()
		}
		return []Check{c}
	}
}

// streams are faults of what is on the streams.
func streams() []Scenario {
	return []Scenario{{
		Name: "garbage", Fault: "10,000 unreadable messages on each of checks, urgent and results of each region",
		Promise: "each becomes a dead letter and is counted invalid; the others go on",
		Long:    2 * time.Second, Inject: garbage(10_000),
	}, {
		Name: "some garbage", Fault: "1,000 unreadable messages on each of checks, urgent and results of each region",
		Promise: "each becomes a dead letter and is counted invalid; the others go on",
		Short:   time.Second, Long: time.Second, Inject: garbage(1000),
		After: lettersOf(3*3*1000, "checks", "urgent", "results"),
	}, {
		Name: "results repeated", Fault: "the newest 30 entries of each region's results again, shuffled, five times a second for %s",
		Promise: "the fold of results does not depend on their order or number",
		Long:    10 * time.Second, Inject: repeatAll,
	}}
}
