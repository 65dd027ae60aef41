package probe

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestMemo(t *testing.T) {
	t.Parallel()
	m, made := NewMemo[string, int](), 0
	get := func(key string, bytes int) {
		t.Helper()
		if v, err := m.Get(key, bytes, func() (int, error) { made++; return len(key), nil }); err != nil || v != len(key) {
			t.Errorf("%s: %d, %v", key, v, err)
		}
	}
	for range 3 {
		get("small", 10)
	}
	if made != 1 {
		t.Errorf("made %d times", made)
	}
	for range 2 {
		get("large", maxRememberedBytes+1)
	}
	if made != 3 {
		t.Errorf("the large one was remembered: made %d times", made)
	}
	wrong := errors.New("wrong")
	for range 2 {
		if _, err := m.Get("bad", 1, func() (int, error) { made++; return 0, wrong }); !errors.Is(err, wrong) {
			t.Error(err)
		}
	}
	if made != 5 {
		t.Errorf("a failure was remembered: made %d times", made)
	}
	for i := range maxRemembered + 100 {
		get(strconv.Itoa(i), 1)
	}
	if n := m.cache.Len(); n != maxRemembered {
		t.Errorf("remembers %d, want %d", n, maxRemembered)
	}
}

// BenchmarkUnseal shows what it costs to open the secrets of a check, and what the memory of
// that saves.
func BenchmarkUnseal(b *testing.B) {
	key, _ := seal.NewKey()
	box, err := seal.New(key)
	if err != nil {
		b.Fatal(err)
	}
	spec, err := monitorspec.Parse(uptime.KindHTTP, "a.example", json.RawMessage(`{"headers":[{"name":"X-Key","value":"hidden","secret":true}],
		"auth":{"type":"bearer","token":"hidden"},"assertions":[{"source":"json","property":"$.status","comparison":"equals","target":"ok"}]}`))
	if err != nil {
		b.Fatal(err)
	}
	public, secrets, err := spec.Split()
	if err != nil {
		b.Fatal(err)
	}
	m := &uptime.Monitor{ID: uptime.NewID(time.Now()), Kind: spec.Kind, Target: spec.Target, Settings: public}
	sent, err := monitorspec.Send(secrets, m, map[string]monitorspec.Sealer{"eu": box})
	if err != nil {
		b.Fatal(err)
	}
	settings, err := monitorspec.Carried(public, sent)
	if err != nil {
		b.Fatal(err)
	}
	c := &uptime.Check{Monitor: m.ID, Kind: m.Kind, Region: "eu", Target: m.Target, Settings: settings}
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := monitorspec.Receive(c, box); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		r := NewRunner(nil, Env{Box: box, Log: slog.New(slog.DiscardHandler)})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.unseal(c); err != nil {
				b.Fatal(err)
			}
		}
	})
}
