package monitorspec_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func newBox(t *testing.T) *seal.Box {
	t.Helper()
	key, _ := seal.NewKey()
	box, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func carried(t *testing.T, public, sent json.RawMessage) []byte {
	t.Helper()
	settings, err := monitorspec.Carried(public, sent)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

func TestSecretsTravelToTheirRegionsOnly(t *testing.T) {
	t.Parallel()
	east, west := newBox(t), newBox(t)
	keys := map[string]monitorspec.Sealer{"us-east": east, "eu-west": west}
	for _, tt := range withSecrets {
		s := parse(t, tt.kind, tt.target, tt.settings)
		public, secrets, err := s.Split()
		if err != nil {
			t.Fatal(err)
		}
		if secrets == nil {
			continue
		}
		monitor := uptime.NewID(time.Now())
		sent, err := monitorspec.Send(secrets, monitor, keys)
		if err != nil || strings.Contains(string(sent), "hidden") {
			t.Fatalf("%s: %s, %v", tt.kind, sent, err)
		}
		c := uptime.Check{Monitor: monitor, Region: "us-east", Kind: tt.kind, Target: s.Target, Settings: carried(t, public, sent)}
		got, err := monitorspec.Receive(&c, east)
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.kind, diff)
		}
		for name, change := range map[string]func(*uptime.Check) monitorspec.Sealer{
			"another key":     func(*uptime.Check) monitorspec.Sealer { return west },
			"another region":  func(c *uptime.Check) monitorspec.Sealer { c.Region = "eu-west"; return east },
			"unknown region":  func(c *uptime.Check) monitorspec.Sealer { c.Region = "x"; return east },
			"another monitor": func(c *uptime.Check) monitorspec.Sealer { c.Monitor = uptime.NewID(time.Now()); return east },
		} {
			other := c
			box := change(&other)
			if _, err := monitorspec.Receive(&other, box); !errors.Is(err, monitorspec.ErrNotSent) {
				t.Errorf("%s opens with %s: %v", tt.kind, name, err)
			}
		}
		if _, err := monitorspec.Receive(&c, nil); !errors.Is(err, monitorspec.ErrNoRegionKey) {
			t.Errorf("%s opens without a key: %v", tt.kind, err)
		}
		if !monitorspec.Sent(sent, secrets, monitor, keys) {
			t.Errorf("%s: what was sent does not count as sent", tt.kind)
		}
		rotated := map[string]monitorspec.Sealer{"us-east": east, "eu-west": newBox(t)}
		fewer := map[string]monitorspec.Sealer{"us-east": east}
		if monitorspec.Sent(sent, json.RawMessage(`{"a":"b"}`), monitor, keys) || monitorspec.Sent(sent, secrets, monitor, rotated) ||
			monitorspec.Sent(sent, secrets, monitor, fewer) || monitorspec.Sent(json.RawMessage(`{}`), secrets, monitor, keys) {
			t.Errorf("%s: what must be sealed anew counts as sent", tt.kind)
		}
		// No user can bring sealed secrets of somebody else along.
		if _, err := monitorspec.Parse(tt.kind, tt.target, c.Settings); err == nil {
			t.Errorf("%s: Parse takes sealed secrets", tt.kind)
		}
	}
}

func TestSettingsWithoutSecretsAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, plain := range []string{``, `{}`, `{"send":"x"}`, `{"send":"$sealed"}`} {
		got, err := monitorspec.Receive(&uptime.Check{Kind: uptime.KindUDP, Settings: []byte(plain)}, nil)
		if err != nil || string(got) != plain {
			t.Errorf("%q: %q, %v", plain, got, err)
		}
	}
	for _, wrong := range []string{`["$sealed"]`, `{"$sealed":1}`, `{"$sealed":{"a":"*"}}`} {
		if _, err := monitorspec.Receive(&uptime.Check{Kind: uptime.KindUDP, Settings: []byte(wrong)}, newBox(t)); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
	if sent, err := monitorspec.Send(json.RawMessage(`{}`), uptime.NewID(time.Now()), nil); err != nil || sent != nil {
		t.Errorf("for nobody: %s, %v", sent, err)
	}
}
