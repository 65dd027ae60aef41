package judge

import (
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

const (
	// failureEvery is how often the same failure of a region is recorded.
	failureEvery = time.Minute
	// failureBurst is how many failures of a region are recorded within that at most, and
	// wait to be written: what rouses suspicion, two rounds, and a change of reason.
	failureBurst = 4
	// heldMost bounds in bytes what waits to be written of all monitors: with evidence
	// some thousand failures.
	heldMost = 16 << 20
	// failureBytes is about what a failure takes besides its evidence.
	failureBytes = 512
	// witnessFor is how long it is remembered what a monitor failed of.
	witnessFor = 10 * time.Minute
)

// witness remembers what was recorded of a monitor's failures.
type witness struct {
	revision  int64
	sightings []sighting
}

// sighting is what was recorded of one region.
type sighting struct {
	region string
	reason uptime.Reason  // of the last
	last   uptime.Instant // due of the newest
	began  uptime.Instant // the minute that is counted
	burst  int            // recorded in it
}

// of returns what is remembered of a region.
func (w *witness) of(region string) *sighting {
	for i := range w.sightings {
		if w.sightings[i].region == region {
			return &w.sightings[i]
		}
	}
	w.sightings = append(w.sightings, sighting{region: region})
	return &w.sightings[len(w.sightings)-1]
}

// admit tells whether a failure is to be recorded, and takes it for recorded if so: the
// first of its reason, what has evidence once a minute, and confirmations, on which an
// incident rests, until there is one. open says that there is.
func (s *sighting) admit(r *uptime.Result, open bool) bool {
	burst, began := s.burst, s.began
	if s.began == 0 || r.Due.Sub(s.began) >= failureEvery {
		burst, began = 0, r.Due
	}
	urgent := r.Due.IsUrgent()
	switch {
	case burst >= failureBurst:
		return false
	case s.last == 0 || r.Reason != s.reason:
	case !urgent && len(r.Evidence) == 0:
		return false
	case r.Due.Sub(s.last) < failureEvery && (open || !urgent):
		return false
	}
	s.burst, s.began, s.reason, s.last = burst+1, began, r.Reason, max(s.last, r.Due)
	return true
}

// forget drops what is remembered of failures that are long over.
func (m *monitor) forget(now uptime.Instant) {
	if m.witness == nil {
		return
	}
	for i := range m.witness.sightings {
		if now.Sub(m.witness.sightings[i].last) < witnessFor {
			return
		}
	}
	m.witness = nil
}

// testify keeps a failed check with what it saw for the next snapshot, if it is to be
// recorded and speaks of what the monitor looks at now.
func (j *Judge) testify(m *monitor, r *uptime.Result, now uptime.Instant) {
	if r.Outcome != uptime.OutcomeFail && r.Outcome != uptime.OutcomeDegraded || r.Due <= 0 || r.Due > now.Add(failureEvery) ||
		r.Revision != m.cfg.Revision || m.cfg.Paused || !slices.Contains(m.cfg.Assigned, r.Region) {
		return
	}
	if m.witness == nil || m.witness.revision != r.Revision {
		m.witness = &witness{revision: r.Revision}
	}
	opened := m.state.Incident()
	s := m.witness.of(r.Region)
	if !s.admit(r, opened != 0) {
		return
	}
	f := failureOf(r)
	if opened != 0 && s.burst <= postgres.FailuresLinked &&
		r.Due >= opened.Add(-m.cfg.Freshness()) && r.Due <= opened.Add(postgres.FailureLead) {
		f.Incident = postgres.IncidentID(m.cfg.ID, opened, uptime.VerdictDown)
	}
	j.hold(m, f)
}

// hold keeps a failure until it is written. The oldest gives way where there are too
// many of a region, and the newest where there is too much of all.
func (j *Judge) hold(m *monitor, f postgres.Failure) {
	if j.held+heldBy(&f) > heldMost {
		j.cfg.Metrics.dropped.Inc()
		return
	}
	p := m.later()
	oldest, n := 0, 0
	for i := range p.fails {
		if p.fails[i].Region == f.Region {
			if n++; n == 1 {
				oldest = i
			}
		}
	}
	if n >= failureBurst {
		j.held -= heldBy(&p.fails[oldest])
		p.fails = slices.Delete(p.fails, oldest, oldest+1)
		j.cfg.Metrics.dropped.Inc()
	}
	j.held += heldBy(&f)
	p.fails = append(p.fails, f)
}

// release gives up the room of failures that wait no longer.
func (j *Judge) release(fails []postgres.Failure) []postgres.Failure {
	for i := range fails {
		j.held -= heldBy(&fails[i])
	}
	return fails
}

func heldBy(f *postgres.Failure) int { return failureBytes + len(f.Evidence) }

func failureOf(r *uptime.Result) postgres.Failure {
	return postgres.Failure{
		Monitor: r.Monitor, Revision: r.Revision, Region: r.Region, Due: r.Due, Outcome: r.Outcome, Reason: r.Reason,
		Detail: r.Detail, Code: r.Code, IP: r.IP, Attempts: r.Attempts, Worker: r.Worker, Phases: r.Phases, Evidence: r.Evidence,
	}
}

// attribute says of a unit's failures which led to the incident that it opens; those
// that were written before are found by when they were due.
func attribute(u *unit.Unit) {
	for _, o := range u.Opened {
		id := postgres.IncidentID(u.Monitor, o.At, uptime.VerdictDown)
		n := map[string]int{}
		for i := range u.Failures {
			f := &u.Failures[i]
			if f.Incident.IsZero() && f.Due >= o.FirstFailure.Add(-postgres.FailureLead) && n[f.Region] < postgres.FailuresLinked {
				f.Incident = id
				n[f.Region]++
			}
		}
	}
}
