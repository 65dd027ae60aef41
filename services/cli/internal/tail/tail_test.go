package tail_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/tail"
)

// script answers each opening of the stream with the next text or error.
type script struct {
	answers []any
	lasts   []string
	waits   []time.Duration
}

func (s *script) open(_ context.Context, last string) (io.ReadCloser, error) {
	s.lasts = append(s.lasts, last)
	next := s.answers[0]
	s.answers = s.answers[1:]
	if err, bad := next.(error); bad {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(next.(string))), nil
}

func TestFollowsThroughBreaks(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	s := &script{answers: []any{
		"retry: 3000\nid: 1\n\n: heartbeat\nid: 2\nevent: verdict\ndata: {\"a\":1}\n\nid: 3\nevent: tick\ndata: half",
		&client.Problem{Status: 503}, errors.New("connection refused"), &client.Problem{Status: 429},
		"data: one\ndata:two\r\n\r\nevent: fleet\nid: 9\ndata: {}\n\n",
	}}
	var got []tail.Event
	f := tail.Follower{
		Open: s.open, Pause: func(_ context.Context, d time.Duration) { s.waits = append(s.waits, d) },
		Each: func(e tail.Event) error {
			got = append(got, e)
			if len(got) == 3 {
				return enough
			}
			return nil
		},
	}
	if err := f.Run(t.Context()); !errors.Is(err, enough) {
		t.Fatal(err)
	}
	want := []tail.Event{{ID: "2", Name: "verdict", Data: `{"a":1}`}, {Name: "message", Data: "one\ntwo"}, {ID: "9", Name: "fleet", Data: "{}"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]time.Duration{3 * time.Second, 3 * time.Second, 4 * time.Second, 8 * time.Second}, s.waits); diff != "" {
		t.Errorf("waits: %s", diff)
	}
	// Not behind the third, of which only half had come.
	if diff := cmp.Diff([]string{"", "2", "2", "2", "2"}, s.lasts); diff != "" {
		t.Errorf("came back behind %s", diff)
	}
}

func TestGivesUpWhereItIsOfNoUse(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 404, 422} {
		s := &script{answers: []any{&client.Problem{Status: status}}}
		f := tail.Follower{Open: s.open, Each: func(tail.Event) error { return nil }}
		var p *client.Problem
		if err := f.Run(t.Context()); !errors.As(err, &p) || p.Status != status {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{answers: []any{"data: x\n\n"}}
	f := tail.Follower{
		Open: s.open, Each: func(tail.Event) error { return nil },
		Lost: func(error, time.Duration) { cancel() },
	}
	if err := f.Run(ctx); err != nil {
		t.Error(err)
	}
}
