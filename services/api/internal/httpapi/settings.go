package httpapi

import (
	"context"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

// regionsOf returns the regions that a tenant's monitors may name.
func (s *Server) regionsOf(ctx context.Context, org uptime.ID) (spec.Regions, error) {
	regions, err := s.Store.Regions(ctx, org)
	return regionsIn(regions), err
}

func regionsIn(regions []postgres.Region) spec.Regions {
	var out spec.Regions
	for i := range regions {
		out.Known = append(out.Known, regions[i].Name)
		if regions[i].Enabled() && !regions[i].Private {
			out.Enabled = append(out.Enabled, regions[i].Name)
		}
	}
	return out
}

// applyChange changes the settings of a monitor; nil is one that is not there.
func applyChange(m *postgres.Monitor, change spec.Change, regions spec.Regions) error {
	if m == nil {
		return nil
	}
	settings, errs := settingsOf(m).Apply(change, regions, spec.DefaultsOf(m.Kind))
	if change.Interval.Given || change.Timeout.Given {
		errs = append(errs, timing(nil, m.Kind, settings, errs)...)
	}
	if len(errs) > 0 {
		return invalidSpec(errs)
	}
	takeSettings(m, settings)
	return nil
}

func settingsOf(m *postgres.Monitor) spec.Settings {
	return spec.Settings{Interval: m.Interval, Timeout: m.Timeout, Regions: m.Regions, Policy: m.Policy}
}

func takeSettings(m *postgres.Monitor, s spec.Settings) {
	m.Interval, m.Timeout, m.Regions, m.Policy = s.Interval, s.Timeout, s.Regions, s.Policy
}

// The fields of a request as package spec has them.

func field[T any](n nullable.Nullable[T]) spec.Field[T] {
	f := spec.Field[T]{Given: n.IsSpecified(), Null: n.IsNull()}
	f.Value, _ = n.Get()
	return f
}

func scaled(n nullable.Nullable[int], unit time.Duration) spec.Field[time.Duration] {
	f := field(n)
	return spec.Field[time.Duration]{Given: f.Given, Null: f.Null, Value: time.Duration(f.Value) * unit}
}

func durationField(p *int, unit time.Duration) spec.Field[time.Duration] {
	return spec.Field[time.Duration]{Given: p != nil, Value: time.Duration(deref(p)) * unit}
}

func policyField(n nullable.Nullable[api.PolicyInput]) spec.Field[spec.PolicyChange] {
	f := field(n)
	change := spec.PolicyChange{
		ConfirmationSeconds: f.Value.ConfirmationSeconds, RecoveryRounds: f.Value.RecoveryRounds,
	}
	if q := f.Value.Quorum; q != nil {
		change.Mode, change.Count = q.Mode, field(q.Count)
	}
	return spec.Field[spec.PolicyChange]{Given: f.Given, Null: f.Null, Value: change}
}

func hostOf(url string) string {
	u, err := spec.ParseURL(url)
	if err != nil {
		return url
	}
	return u.Host
}

// forgetTime bounds how long a delete waits for the queue; the cleaner does what
// remains.
const forgetTime = 3 * time.Second

// forget takes no more calls of deleted monitors and removes what waits in the queues for
// them. That is not worth an error: the monitors are gone, and the cleaner comes by again.
func (s *Server) forget(ctx context.Context, org uptime.ID, monitors []uptime.ID) {
	if s.Desk != nil {
		s.Desk.Drop(monitors)
	}
	defer func() {
		if s.Cleaner != nil {
			s.Cleaner.Wake()
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetTime)
	defer cancel()
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		s.log.WarnContext(ctx, "queue entries of deleted monitors remain for the cleaner", "err", err)
		return
	}
	byShard := map[int][]uptime.ID{}
	for _, id := range monitors {
		n := id.Shard(s.Shards)
		byShard[n] = append(byShard[n], id)
	}
	for i := range regions {
		for shard, ids := range byShard {
			lane := queue.Lane{Region: regions[i].Name, Shard: shard}
			if _, err := s.Queue.DropMonitors(ctx, lane, ids...); err != nil {
				s.log.WarnContext(ctx, "queue entries of deleted monitors remain for the cleaner",
					"region", regions[i].Name, "err", err)
			}
		}
	}
}
