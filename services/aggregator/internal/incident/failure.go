package incident

import (
	"context"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// writeFailures writes what failed checks saw, and keeps with the incidents that were
// opened what led to them and was written before.
func (b *batch) writeFailures(ctx context.Context) error {
	var failures []postgres.Failure
	var links []postgres.FailureLink
	for i := range b.units {
		u := &b.units[i]
		failures = append(failures, u.Failures...)
		for _, o := range u.Opened {
			id := postgres.IncidentID(u.Monitor, o.At, uptime.VerdictDown)
			if b.opened[id] {
				links = append(links, postgres.FailureLink{Incident: id, Monitor: u.Monitor, First: o.FirstFailure, Opened: o.At})
			}
		}
	}
	if err := postgres.AddFailures(ctx, b.tx, failures); err != nil {
		return err
	}
	return postgres.LinkFailures(ctx, b.tx, links)
}
