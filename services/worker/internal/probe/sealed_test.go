package probe

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// A prober reads secrets as if they had never been sealed; a worker that cannot open
// them says so and has no vote.
func TestSealedSecretsAreOpenedForTheProber(t *testing.T) {
	t.Parallel()
	key, _ := seal.NewKey()
	box, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	var read string
	prober := proberFunc(func(_ context.Context, c *uptime.Check) Finding {
		s, err := monitorspec.Read[monitorspec.UDP](c.Settings)
		if err != nil {
			t.Error(err)
			return Finding{}
		}
		read = s.Send
		return Finding{}
	})
	run := func(box *seal.Box, c *uptime.Check) Finding {
		read = ""
		kinds := Kinds{uptime.KindUDP: func(Env) Prober { return prober }}
		return NewRunner(kinds, Env{Box: box, Log: slog.New(slog.DiscardHandler)}).Run(t.Context(), c)
	}
	const public = `{"send":"***","secret":true}`
	m := &uptime.Monitor{ID: uptime.NewID(time.Now()), Kind: uptime.KindUDP, Target: "example.org:9", Settings: []byte(public)}
	sent, err := monitorspec.Send(json.RawMessage(`{"send":"hidden"}`), m, map[string]monitorspec.Sealer{"eu": box})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := monitorspec.Carried(m.Settings, sent)
	if err != nil {
		t.Fatal(err)
	}
	c := uptime.Check{Monitor: m.ID, Region: "eu", Kind: uptime.KindUDP, Target: "example.org:9", Settings: settings, Timeout: time.Second}
	if f := run(box, &c); f.Outcome() != uptime.OutcomePass || read != "hidden" {
		t.Errorf("read %q: %+v", read, f)
	}
	// Nor does one that remembers having opened them for the right check.
	kinds := Kinds{uptime.KindUDP: func(Env) Prober { return prober }}
	runner := NewRunner(kinds, Env{Box: box, Log: slog.New(slog.DiscardHandler)})
	other := c
	other.Target = "evil.example:9"
	for range 2 {
		read = ""
		if f := runner.Run(t.Context(), &c); f.Outcome() != uptime.OutcomePass || read != "hidden" {
			t.Errorf("read %q: %+v", read, f)
		}
		read = ""
		if f := runner.Run(t.Context(), &other); f.Outcome() != uptime.OutcomeInvalid || read != "" {
			t.Errorf("for another target: read %q: %+v", read, f)
		}
	}
	if string(c.Settings) != string(settings) {
		t.Error("the check itself was changed: what is logged or sent on would hold secrets")
	}
	elsewhere, turned := c, c
	elsewhere.Region, turned.Target = "us", "evil.example:9"
	for name, f := range map[string]Finding{"no key": run(nil, &c), "another region": run(box, &elsewhere), "another target": run(box, &turned)} {
		if f.Outcome() != uptime.OutcomeInvalid || f.Reason != uptime.ReasonUnsupported || f.Detail == "" || read != "" {
			t.Errorf("%s: read %q: %+v", name, read, f)
		}
	}
}
