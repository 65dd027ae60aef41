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
	monitor := uptime.NewID(time.Now())
	sent, err := monitorspec.Send(json.RawMessage(`{"send":"hidden"}`), monitor, map[string]monitorspec.Sealer{"eu": box})
	if err != nil {
		t.Fatal(err)
	}
	settings := append([]byte(`{"send":"***","secret":true,`), sent[1:]...)
	c := uptime.Check{Monitor: monitor, Region: "eu", Kind: uptime.KindUDP, Target: "example.org:9", Settings: settings, Timeout: time.Second}
	if f := run(box, &c); f.Outcome() != uptime.OutcomePass || read != "hidden" {
		t.Errorf("read %q: %+v", read, f)
	}
	if string(c.Settings) != string(settings) {
		t.Error("the check itself was changed: what is logged or sent on would hold secrets")
	}
	elsewhere := c
	elsewhere.Region = "us"
	for name, f := range map[string]Finding{"no key": run(nil, &c), "another region": run(box, &elsewhere)} {
		if f.Outcome() != uptime.OutcomeInvalid || f.Reason != uptime.ReasonUnsupported || f.Detail == "" || read != "" {
			t.Errorf("%s: read %q: %+v", name, read, f)
		}
	}
}
