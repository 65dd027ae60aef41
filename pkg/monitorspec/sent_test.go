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
		m := &uptime.Monitor{ID: uptime.NewID(time.Now()), Kind: tt.kind, Target: s.Target, Settings: public}
		sent, err := monitorspec.Send(secrets, m, keys)
		if err != nil || strings.Contains(string(sent), "hidden") {
			t.Fatalf("%s: %s, %v", tt.kind, sent, err)
		}
		c := uptime.Check{Monitor: m.ID, Region: "us-east", Kind: tt.kind, Target: s.Target, Settings: carried(t, public, sent)}
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
			"another target":  func(c *uptime.Check) monitorspec.Sealer { c.Target += "0"; return east },
			"another kind":    func(c *uptime.Check) monitorspec.Sealer { c.Kind = uptime.KindDomain; return east },
			"other settings": func(c *uptime.Check) monitorspec.Sealer {
				c.Settings = with(t, c.Settings, "tls", `{"skip_verify":true}`)
				return east
			},
			"added settings": func(c *uptime.Check) monitorspec.Sealer {
				c.Settings = with(t, c.Settings, "of_a_newer_version", `1`)
				return east
			},
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
		if !monitorspec.Sent(sent, secrets, m, keys) {
			t.Errorf("%s: what was sent does not count as sent", tt.kind)
		}
		rotated := map[string]monitorspec.Sealer{"us-east": east, "eu-west": newBox(t)}
		fewer := map[string]monitorspec.Sealer{"us-east": east}
		if monitorspec.Sent(sent, json.RawMessage(`{"a":"b"}`), m, keys) || monitorspec.Sent(sent, secrets, m, rotated) ||
			monitorspec.Sent(sent, secrets, m, fewer) || monitorspec.Sent(json.RawMessage(`{}`), secrets, m, keys) {
			t.Errorf("%s: what must be sealed anew counts as sent", tt.kind)
		}
		moved, eased := *m, *m
		moved.Target += "0"
		eased.Settings = with(t, public, "ip_version", `"6"`)
		if monitorspec.Sent(sent, secrets, &moved, keys) || monitorspec.Sent(sent, secrets, &eased, keys) {
			t.Errorf("%s: what was sent for another target, or with other settings, counts as sent", tt.kind)
		}
		// No user can bring sealed secrets of somebody else along.
		if _, err := monitorspec.Parse(tt.kind, tt.target, c.Settings); err == nil {
			t.Errorf("%s: Parse takes sealed secrets", tt.kind)
		}
	}
}

// with returns settings with one member more, or another one.
func with(t *testing.T, settings json.RawMessage, name, value string) json.RawMessage {
	t.Helper()
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(settings, &members); err != nil {
		t.Fatal(err)
	}
	members[name] = json.RawMessage(value)
	out, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The database keeps settings as jsonb: members in an order of its own, numbers rewritten,
// escapes resolved. What was sealed opens all the same.
func TestSealedSettingsMayBeRewrittenOnTheWay(t *testing.T) {
	t.Parallel()
	box := newBox(t)
	public := json.RawMessage(`{"send":"***","secret":true,"tries":2e0,"assertions":[{"source":"latency","comparison":"less_than","target":1.50},{"a":-0,"b":"\u003c\/"}]}`)
	stored := json.RawMessage(`{"assertions": [{"source": "latency", "target": 1.5, "comparison": "less_than"}, {"b": "</", "a": 0}], "secret": true, "send": "***", "tries": 2}`)
	m := &uptime.Monitor{ID: uptime.NewID(time.Now()), Kind: uptime.KindUDP, Target: "a.example:9", Settings: public}
	sent, err := monitorspec.Send(json.RawMessage(`{"send":"hidden"}`), m, map[string]monitorspec.Sealer{"eu": box})
	if err != nil {
		t.Fatal(err)
	}
	c := uptime.Check{Monitor: m.ID, Region: "eu", Kind: m.Kind, Target: m.Target, Settings: carried(t, stored, sent)}
	if got, err := monitorspec.Receive(&c, box); err != nil || !strings.Contains(string(got), `"send":"hidden"`) {
		t.Errorf("%s, %v", got, err)
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
	if sent, err := monitorspec.Send(json.RawMessage(`{}`), &uptime.Monitor{}, nil); err != nil || sent != nil {
		t.Errorf("for nobody: %s, %v", sent, err)
	}
}
