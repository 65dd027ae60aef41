package vault_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/vault"
)

// key returns a box and the bytes of its key.
func key(t *testing.T, seed byte) (*seal.Box, []byte) {
	t.Helper()
	b := make([]byte, seal.KeyBytes)
	b[0] = seed
	k, err := seal.KeyOf(b)
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New(k)
	if err != nil {
		t.Fatal(err)
	}
	return box, b
}

func parse(t *testing.T, settings string) *monitorspec.Spec {
	t.Helper()
	s, err := monitorspec.Parse(uptime.KindHTTP, "a.example", json.RawMessage(settings))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const withToken = `{"auth":{"type":"bearer","token":"hidden"}}`

func TestPutAndSpec(t *testing.T) {
	t.Parallel()
	fleet, _ := key(t, 1)
	east, eastKey := key(t, 2)
	west, westKey := key(t, 3)
	org := uptime.NewID(time.Now())
	sealed := func(name string, key []byte) postgres.Region {
		return postgres.Region{Name: name, OrgID: org, KeySealed: fleet.Seal(key, postgres.RegionKeyPlace(org, name)...)}
	}
	regions := []postgres.Region{sealed("us-east", eastKey), sealed("eu-west", westKey), {Name: "no-key", OrgID: org}}
	v := vault.New(fleet)
	m := postgres.Monitor{Monitor: uptime.Monitor{ID: uptime.NewID(time.Now()), OrgID: org, Kind: uptime.KindHTTP}}
	put := func(settings string, regions []postgres.Region) {
		t.Helper()
		if err := v.Put(&m, parse(t, settings), regions); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(region string, box *seal.Box) bool {
		settings, err := monitorspec.Carried(m.Settings, m.SecretsSent)
		if err != nil {
			t.Fatal(err)
		}
		full, err := monitorspec.Receive(&uptime.Check{Monitor: m.ID, Region: region, Kind: m.Kind, Target: m.Target, Settings: settings}, box)
		return err == nil && strings.Contains(string(full), "hidden")
	}
	put(withToken, regions)
	if got, err := v.Spec(&m); err != nil || !cmp.Equal(parse(t, withToken), got) {
		t.Errorf("it checks %+v, %v", got, err)
	}
	if !reads("us-east", east) || !reads("eu-west", west) || reads("us-east", west) || reads("no-key", east) {
		t.Error("the wrong regions read the secrets")
	}
	same := m
	put(withToken, regions)
	if diff := cmp.Diff(same, m); diff != "" {
		t.Errorf("putting the same changed it:\n%s", diff)
	}
	// A region has another key: what is at rest stays, what is sent does not.
	west2, west2Key := key(t, 4)
	put(withToken, []postgres.Region{regions[0], sealed("eu-west", west2Key)})
	if reads("eu-west", west) || !reads("eu-west", west2) || !cmp.Equal(same.SecretsSealed, m.SecretsSealed) {
		t.Error("not sealed anew for the new key alone")
	}
	m.Regions = []string{"us-east"}
	put(withToken, regions)
	if !reads("us-east", east) || reads("eu-west", west) {
		t.Error("a region that does not look reads the secrets")
	}
	// Another target on the same host: the secrets are kept, and sealed for it.
	kept := m.SecretsSealed
	before := m.SecretsSent
	spec, err := v.Spec(&m)
	if err != nil {
		t.Fatal(err)
	}
	to := "https://a.example/other"
	if spec, err = spec.Merge(&to, nil); err != nil {
		t.Fatal(err)
	}
	if err := v.Put(&m, spec, regions); err != nil {
		t.Fatal(err)
	}
	if m.Target != to || !reads("us-east", east) || !cmp.Equal(kept, m.SecretsSealed) || cmp.Equal(before, m.SecretsSent) {
		t.Errorf("with the new target %s the secrets are not sealed anew, or not readable", m.Target)
	}
	m.SecretsSent = before
	if reads("us-east", east) {
		t.Error("what was sealed for the old target opens with the new one")
	}
	moved := m
	moved.ID = uptime.NewID(time.Now())
	if _, err := v.Spec(&moved); err == nil {
		t.Error("the secrets open in another monitor")
	}
	put(`{"method":"HEAD"}`, regions)
	if m.SecretsSealed != nil || m.SecretsSent != nil {
		t.Error("secrets remain where there are none")
	}
}

func TestWithoutAKey(t *testing.T) {
	t.Parallel()
	v := vault.New(nil)
	m := postgres.Monitor{Monitor: uptime.Monitor{Kind: uptime.KindHTTP}}
	if err := v.Put(&m, parse(t, `{}`), nil); err != nil {
		t.Error(err)
	}
	if err := v.Put(&m, parse(t, withToken), nil); err == nil {
		t.Error("secrets are stored without a key")
	}
}
