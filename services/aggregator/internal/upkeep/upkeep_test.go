package upkeep

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
)

type trims map[string]int

func (f trims) TrimResults(_ context.Context, l queue.Lane) (queue.Trimmed, error) {
	f[l.Region]++
	if l.Region == "broken" {
		return queue.Trimmed{}, errors.New("no redis")
	}
	return queue.Trimmed{Entries: 1}, nil
}

func TestEveryLaneIsTrimmedEverySecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := trims{}
		trimmer := Trimmer{
			Queue: f, Lanes: func() []queue.Lane { return []queue.Lane{{Region: "broken"}, {Region: "a"}} },
			Metrics: NewMetrics(nil), Log: slog.New(slog.DiscardHandler),
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second+time.Millisecond)
		defer cancel()
		if err := trimmer.Run(ctx); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(trims{"broken": 5, "a": 5}, f); diff != "" {
			t.Errorf("trimmed in 5 s (-want +got):\n%s", diff)
		}
	})
}

type history map[string]time.Duration

func (h history) PurgeVoteSpans(_ context.Context, age time.Duration) (int64, error) {
	h["vote spans"] = age
	return 1, errors.New("no database")
}
func (h history) PurgeDeliveries(_ context.Context, age time.Duration) (int64, error) {
	h["deliveries"] = age
	return 1, nil
}
func (h history) PurgeDeleted(_ context.Context, age time.Duration) (int64, error) {
	h["deleted"] = age
	return 1, nil
}

func (h history) PurgeAudit(_ context.Context, age time.Duration) (int64, error) {
	h["audit"] = age
	return 1, nil
}

func (h history) PurgeSignIns(context.Context) (int64, error) {
	h["sign-ins"] = 0
	return 1, nil
}

func (h history) PurgeFleetEvents(_ context.Context, age time.Duration) (int64, error) {
	h["fleet events"] = age
	return 1, nil
}

func TestHistoryIsPurgedOnceADayByItsAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := history{}
		p := Purger{History: h, KeepAudit: 48 * time.Hour, Log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Hour)
		defer cancel()
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		want := history{"vote spans": DefaultKeep, "deliveries": DefaultKeep, "deleted": DefaultKeep, "audit": 48 * time.Hour, "sign-ins": 0, "fleet events": DefaultKeep}
		if diff := cmp.Diff(want, h); diff != "" {
			t.Errorf("purged (-want +got):\n%s", diff)
		}
	})
}
