package past_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/past"
)

// history is a source of spans as they are at an instant. It counts what it gives.
type history struct {
	all  map[uptime.ID][]postgres.Span // of all time
	now  time.Time
	read int
	err  error
}

// SpansOf answers as [postgres.Store.SpansOf] does.
func (h *history) SpansOf(_ context.Context, monitors []uptime.ID, from, to time.Time) ([]postgres.Span, error) {
	var out []postgres.Span
	for _, id := range monitors {
		all := h.all[id]
		for i, one := range all {
			last := i+1 == len(all) || all[i+1].From.After(from) || !all[i+1].From.Before(h.now)
			if !one.From.Before(to) || !one.From.Before(h.now) || !one.From.After(from) && !last {
				continue
			}
			if one.To.After(h.now) {
				one.To = time.Time{}
			}
			out = append(out, one)
		}
	}
	h.read += len(out)
	return out, h.err
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// lived makes up a history of monitors: verdicts that follow each other, some after a pause.
func lived(random *rand.Rand, monitors []uptime.ID, until time.Time) *history {
	h := &history{all: map[uptime.ID][]postgres.Span{}}
	for _, id := range monitors {
		for at := start.Add(time.Duration(random.IntN(100)) * time.Hour); at.Before(until); {
			end := at.Add(time.Duration(1+random.IntN(3000)) * time.Minute)
			h.all[id] = append(h.all[id], postgres.Span{
				Monitor: id, From: at, To: end, Verdict: uptime.Verdict(random.IntN(4)), Reason: uptime.Reason(random.IntN(5)),
			})
			if at = end; random.IntN(4) == 0 {
				at = at.Add(time.Duration(1+random.IntN(3000)) * time.Minute)
			}
		}
	}
	return h
}

// from leaves out what began before the first of others, of which a reader may tell, too.
func from(first, spans []postgres.Span) []postgres.Span {
	for i := range spans {
		if len(first) > 0 && !spans[i].From.Before(first[0].From) {
			return spans[i:]
		}
	}
	return nil
}

func TestWhatIsRememberedIsWhatIsThere(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	monitors := make([]uptime.ID, 20)
	for i := range monitors {
		monitors[i] = uptime.ID{15: byte(i + 1)}
	}
	h := lived(random, monitors, start.Add(60*24*time.Hour))
	h.now = start.Add(40 * 24 * time.Hour)
	r := past.New(h)
	read := 0 // of what would have been read without it
	for range 500 {
		h.now = h.now.Add(time.Duration(random.IntN(10)) * time.Minute)
		since := h.now.Add(-time.Duration(1+random.IntN(35)) * 24 * time.Hour)
		some := monitors[random.IntN(10) : 10+random.IntN(11)]
		got, err := r.Spans(t.Context(), some, since, h.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range some {
			there := &history{all: h.all, now: h.now}
			want, _ := there.SpansOf(t.Context(), []uptime.ID{id}, since, h.now)
			if diff := cmp.Diff(want, from(want, got[id])); diff != "" {
				t.Fatalf("%s since %s at %s:\n%s", id, since, h.now, diff)
			}
			read += there.read
		}
	}
	if h.read*2 > read {
		t.Errorf("%d spans were read where %d are without it", h.read, read)
	}
}

func TestWhatWasCorrectedIsSeenWithinTheHour(t *testing.T) {
	t.Parallel()
	id := uptime.ID{15: 1}
	h := &history{now: start.Add(10 * 24 * time.Hour), all: map[uptime.ID][]postgres.Span{id: {{Monitor: id, From: start, To: start.Add(time.Hour)}}}}
	r := past.New(h)
	look := func() int {
		t.Helper()
		got, err := r.Spans(t.Context(), []uptime.ID{id}, start, h.now)
		if err != nil {
			t.Fatal(err)
		}
		return len(got[id])
	}
	if n := look(); n != 1 {
		t.Fatalf("%d spans", n)
	}
	h.all[id] = nil
	if n := look(); n != 1 {
		t.Errorf("%d spans: nothing was remembered", n)
	}
	h.now = h.now.Add(time.Hour)
	if n := look(); n != 0 {
		t.Errorf("%d spans after an hour", n)
	}
}

func TestNothingIsRememberedOfWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	id := uptime.ID{15: 1}
	h := &history{now: start.Add(10 * 24 * time.Hour)}
	r := past.New(h)
	if got, err := r.Spans(t.Context(), []uptime.ID{id}, start, h.now); err != nil || len(got[id]) != 0 {
		t.Fatalf("%v, %v", got, err)
	}
	h.all = map[uptime.ID][]postgres.Span{id: {{Monitor: id, From: start, To: start.Add(time.Hour)}}}
	if got, err := r.Spans(t.Context(), []uptime.ID{id}, start, h.now); err != nil || len(got[id]) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	h.err = errors.New("away")
	if _, err := r.Spans(t.Context(), []uptime.ID{id}, start, h.now); !errors.Is(err, h.err) {
		t.Errorf("error %v", err)
	}
}
