// Package vault keeps the secrets of monitors: sealed at rest under the fleet's key,
// and once more for each region that checks the monitor under that region's key, as the
// checks carry them. Neither pusher nor aggregator can open either.
package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Vault seals and opens. The zero value has no key and works for monitors without secrets.
type Vault struct{ box *seal.Box }

// New returns a vault under the fleet's key.
func New(box *seal.Box) Vault { return Vault{box: box} }

var errNoKey = errors.New("no SEAL_KEY to keep secrets with")

// Spec returns what a monitor checks, secrets included.
func (v Vault) Spec(m *postgres.Monitor) (*monitorspec.Spec, error) {
	secrets, err := v.open(m)
	if err != nil {
		return nil, err
	}
	return monitorspec.Join(m.Kind, m.Target, m.Settings, secrets)
}

func (v Vault) open(m *postgres.Monitor) (json.RawMessage, error) {
	if m.SecretsSealed == nil {
		return nil, nil
	}
	if v.box == nil {
		return nil, errNoKey
	}
	secrets, err := v.box.Open(m.SecretsSealed, postgres.MonitorSecretsPlace(m.OrgID, m.ID)...)
	if err != nil {
		return nil, fmt.Errorf("secrets of monitor %s: %w", m.ID, err)
	}
	return secrets, nil
}

// Put makes a monitor check what a spec says. Regions are those of its tenant, and it
// must have its ids and the names of its own regions by now. What is sealed already and
// still right stays as it is, so that nothing looks changed that is not.
func (v Vault) Put(m *postgres.Monitor, spec *monitorspec.Spec, regions []postgres.Region) error {
	public, secrets, err := spec.Split()
	if err != nil {
		return err
	}
	m.Target = spec.Target
	if !sameJSON(m.Settings, public) {
		m.Settings = public
	}
	if secrets == nil {
		m.SecretsSealed, m.SecretsSent = nil, nil
		return nil
	}
	if v.box == nil {
		return errNoKey
	}
	if old, err := v.open(m); err != nil || !bytes.Equal(old, secrets) {
		m.SecretsSealed = v.box.Seal(secrets, postgres.MonitorSecretsPlace(m.OrgID, m.ID)...)
	}
	keys, err := v.keys(m, regions)
	if err != nil {
		return err
	}
	if !monitorspec.Sent(m.SecretsSent, secrets, &m.Monitor, keys) {
		m.SecretsSent, err = monitorspec.Send(secrets, &m.Monitor, keys)
	}
	return err
}

// SealToken seals the token of a heartbeat, which must have its ids by now.
func (v Vault) SealToken(m *postgres.Monitor, token string) ([]byte, error) {
	if v.box == nil {
		return nil, errNoKey
	}
	return v.box.Seal([]byte(token), postgres.HeartbeatTokenPlace(m.OrgID, m.ID)...), nil
}

// Token opens the token of a heartbeat.
func (v Vault) Token(m *postgres.Monitor) (string, error) {
	if v.box == nil {
		return "", errNoKey
	}
	token, err := v.box.Open(m.Heartbeat.TokenSealed, postgres.HeartbeatTokenPlace(m.OrgID, m.ID)...)
	if err != nil {
		return "", fmt.Errorf("token of monitor %s: %w", m.ID, err)
	}
	return string(token), nil
}

// keys returns the keys of the regions that may check a monitor. A region without a key
// gets no secrets, and its workers say so.
func (v Vault) keys(m *postgres.Monitor, regions []postgres.Region) (map[string]monitorspec.Sealer, error) {
	keys := map[string]monitorspec.Sealer{}
	for i := range regions {
		r := &regions[i]
		looks := uptime.Region{Name: r.Name, Enabled: true, Private: r.Private} // it may be enabled later
		if r.KeySealed == nil || len(m.Assigned([]uptime.Region{looks})) == 0 {
			continue
		}
		plain, err := v.box.Open(r.KeySealed, postgres.RegionKeyPlace(r.OrgID, r.Name)...)
		if err != nil {
			return nil, fmt.Errorf("key of region %s: %w", r.Name, err)
		}
		key, err := seal.KeyOf(plain)
		if err != nil {
			return nil, fmt.Errorf("key of region %s: %w", r.Name, err)
		}
		if keys[r.Name], err = seal.New(key); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// ResealAll brings what checks carry in line with the regions: to be called when there is
// a new region or one has another key.
func (v Vault) ResealAll(ctx context.Context, store *postgres.Store) error {
	orgs, err := store.OrgIDs(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, org := range orgs {
		errs = append(errs, v.Reseal(ctx, store, org))
	}
	return errors.Join(errs...)
}

// Reseal does the same for one tenant.
func (v Vault) Reseal(ctx context.Context, store *postgres.Store, org uptime.ID) error {
	monitors, err := store.MonitorsWithSecrets(ctx, org)
	if err != nil || len(monitors) == 0 {
		return err
	}
	regions, err := store.Regions(ctx, org)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range monitors {
		_, err := store.UpdateMonitor(ctx, org, id, func(m *postgres.Monitor) error {
			spec, err := v.Spec(m)
			if err != nil {
				return err
			}
			return v.Put(m, spec, regions)
		})
		if err != nil && !errors.Is(err, postgres.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// sameJSON compares settings as the database does, by what they mean.
func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	var va, vb any
	if json.Unmarshal(a, &va) != nil || json.Unmarshal(b, &vb) != nil {
		return false
	}
	if json.NewEncoder(&x).Encode(va) != nil || json.NewEncoder(&y).Encode(vb) != nil {
		return false
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}
