package judge

import (
	"context"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// seenEvery is how often it is written down that an end was seen again, so that a
// result that says what is known costs two comparisons. It is less than [expiry.Recent]:
// a restart does not make an end look as if nobody had seen it of late.
const seenEvery = time.Hour

// end is when something ends that a monitor's checks have seen. Nearly every monitor
// may have one, of 32 bytes.
type end struct {
	at, seen uptime.Instant
	next     *end // of another subject
	warned   int8
	domain   bool
	unsaved  bool
	warn     bool // people are to be warned with the next snapshot
}

func (e *end) subject() expiry.Subject {
	if e.domain {
		return expiry.Domain
	}
	return expiry.Certificate
}

func (e *end) known() expiry.End { return expiry.End{At: e.at, Seen: e.seen, Warned: int(e.warned)} }

func (e *end) set(k expiry.End) { e.at, e.seen, e.warned = k.At, k.Seen, int8(k.Warned) }

// end returns what is known of a subject, made on first use.
func (m *monitor) end(domain bool) *end {
	for e := m.ends; e != nil; e = e.next {
		if e.domain == domain {
			return e
		}
	}
	m.ends = &end{next: m.ends, domain: domain}
	return m.ends
}

// recall puts back what was written of a monitor's ends.
func (m *monitor) recall(ends []postgres.Expiry) {
	for i := range ends {
		m.end(ends[i].Subject == expiry.Domain).set(ends[i].End)
	}
}

// see takes in what a result says of ends. It counts whatever else the check came to,
// unless what was shown may be anybody's certificate. The time is that of the check:
// however late it is folded, the same is warned of.
func (j *Judge) see(m *monitor, r *uptime.Result) {
	if m.cfg.Paused || r.Revision < m.target() || r.Revision > m.cfg.Revision || !r.Outcome.Vote() ||
		!slices.Contains(m.cfg.Assigned, r.Region) {
		return
	}
	if r.CertificateEnds != 0 && r.Reason != uptime.ReasonCertName && r.Reason != uptime.ReasonCertUntrusted {
		j.seeEnd(m, false, r.CertificateEnds, r.Due)
	}
	if r.RegistrationEnds != 0 {
		j.seeEnd(m, true, r.RegistrationEnds, r.Due)
	}
}

func (j *Judge) seeEnd(m *monitor, domain bool, at, now uptime.Instant) {
	e := m.end(domain)
	old := e.known()
	next, warn := old.See(at, now, max(expiry.Recent, m.cfg.Freshness()))
	if next == old {
		return
	}
	e.set(next)
	// Monitors write at different moments of the hour.
	hour := func(t uptime.Instant) uptime.Instant {
		return (t + uptime.Instant(m.slot)*1e6) / uptime.Instant(seenEvery/time.Microsecond)
	}
	if next.At != old.At || next.Warned != old.Warned || hour(next.Seen) != hour(old.Seen) {
		e.unsaved = true
	}
	if warn != 0 {
		e.warn = true
		j.warned = append(j.warned, m.slot)
	}
}

// announce makes units of the warnings that are due, after the verdicts that go with
// them.
func (j *Judge) announce(now uptime.Instant) {
	for _, slot := range j.warned {
		if m := j.table[slot]; m != nil && m.warns() {
			m.judged = true
			j.units = append(j.units, j.snapshot(m, now))
		}
	}
	j.warned = j.warned[:0]
}

// Warn makes up for warnings of monitors of which nobody was told, because they were
// muted.
func (j *Judge) Warn(ctx context.Context, monitors []uptime.ID, now uptime.Instant) error {
	for _, id := range monitors {
		slot, ok := j.slots[id]
		if !ok {
			continue
		}
		for e := j.table[slot].ends; e != nil; e = e.next {
			if e.warned != 0 && e.at > now {
				e.unsaved, e.warn = true, true
				j.warned = append(j.warned, slot)
			}
		}
	}
	j.announce(now)
	return j.flushIf(ctx, now, 1)
}

func (m *monitor) warns() bool {
	for e := m.ends; e != nil; e = e.next {
		if e.warn {
			return true
		}
	}
	return false
}

// unsavedEnds takes what is to be written of a monitor's ends.
func (m *monitor) unsavedEnds() []unit.Expiry {
	var out []unit.Expiry
	for e := m.ends; e != nil; e = e.next {
		if e.unsaved {
			out = append(out, unit.Expiry{
				Expiry: postgres.Expiry{Monitor: m.cfg.ID, Target: m.target(), Subject: e.subject(), End: e.known()}, Warn: e.warn,
			})
			e.unsaved, e.warn = false, false
		}
	}
	return out
}
