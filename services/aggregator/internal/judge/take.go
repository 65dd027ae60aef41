package judge

import (
	"encoding/json"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// take turns the actions of one monitor into what is to be asked and recorded, and
// empties them.
func (j *Judge) take(m *monitor, now uptime.Instant) {
	out := &j.out
	if out.Empty() {
		return
	}
	for _, ask := range out.Rechecks {
		j.asks = append(j.asks, unit.Ask{Monitor: m.cfg.ID, Revision: m.cfg.Revision, Recheck: ask})
	}
	for _, b := range out.Blinds {
		j.health.blinded(m, &b)
	}
	if len(out.Votes)+len(out.Verdicts) > 0 {
		j.stirred = true
		p := m.later()
		p.votes = append(p.votes, out.Votes...)
		for _, v := range out.Verdicts {
			m.reason = v.Reason
			p.spans = append(p.spans, postgres.SpanSwitch{
				Monitor: m.cfg.ID, At: v.At, Verdict: v.To, Reason: v.Reason, Close: m.cfg.Paused,
			})
		}
		m.judged = true
		j.soil(m)
	}
	if len(out.Verdicts)+len(out.Opened)+len(out.Resolved)+len(out.Advisories) > 0 {
		j.transition(m, now)
	}
	out.Reset()
}

// transition makes the unit of what just happened to a monitor.
func (j *Judge) transition(m *monitor, now uptime.Instant) {
	out := &j.out
	m.judged = true
	u := j.snapshot(m, now)
	u.Opened = append(u.Opened, out.Opened...)
	attribute(&u)
	u.Resolved = append(u.Resolved, out.Resolved...)
	for _, v := range out.Verdicts {
		u.Verdicts = append(u.Verdicts, unit.Change{VerdictChange: v, FromSince: m.since})
		m.since = v.At
	}
	u.Advisories = append(u.Advisories, out.Advisories...)
	u.Flapping = m.state.Flapping(&m.cfg, now)
	j.units = append(j.units, u)
}

// snapshot makes a unit of the monitor as it stands and takes what was pending.
func (j *Judge) snapshot(m *monitor, now uptime.Instant) unit.Unit {
	u := unit.Unit{Monitor: m.cfg.ID, Target: m.target(), Paused: m.cfg.Paused}
	views := m.state.Votes(&m.cfg, &j.fleet, now)
	if m.judged {
		u.State = j.stateOf(m, now)
	}
	for i := range views {
		v := &views[i]
		if v.Outcome != uptime.OutcomeNone && m.touched(i) {
			u.Votes = append(u.Votes, voteOf(m, v))
		}
	}
	if p := m.pending; p != nil {
		u.Spans, u.Failures = p.spans, j.release(p.fails)
		u.VoteSpans = make([]postgres.VoteSpanSwitch, len(p.votes))
		for i, c := range p.votes {
			u.VoteSpans[i] = postgres.VoteSpanSwitch{
				Monitor: m.cfg.ID, Region: c.Region, At: c.At, Outcome: c.To, Reason: c.Reason, Close: c.To == uptime.OutcomeNone,
			}
			if c.To == uptime.OutcomeNone && !votes(views, c.Region) {
				u.Forget = append(u.Forget, postgres.VoteRef{Monitor: m.cfg.ID, Region: c.Region})
			}
		}
	}
	u.Expiries = m.unsavedEnds()
	u.Pulse = j.pulse(m)
	m.pending, m.changed, m.judged, m.dirty = nil, 0, false, false
	return u
}

// votes tells whether a region still has a vote, be it a stale one.
func votes(views []consensus.VoteView, region string) bool {
	for i := range views {
		if views[i].Region == region {
			return views[i].Outcome != uptime.OutcomeNone
		}
	}
	return false
}

// notJudged is the revision of the state of a monitor that has no verdict yet because
// it was just added: to people it is pending, not unknown. It is older than any target.
const notJudged = 0

// stateOf returns the row of a monitor's state.
func (j *Judge) stateOf(m *monitor, now uptime.Instant) *postgres.MonitorState {
	verdict, since := m.state.Verdict()
	revision := m.cfg.Revision
	if since == 0 {
		if since = m.added; now < m.added.Add(m.cfg.Freshness()) || m.cfg.Heartbeat != nil {
			revision = notJudged
		}
	}
	checkpoint, err := json.Marshal(&m.state)
	if err != nil {
		// It cannot fail short of a defect; without it the fold goes on from the votes.
		j.cfg.Log.Error("cannot encode the state of a monitor", "err", err, "monitor", m.cfg.ID.String())
		checkpoint = nil
	}
	s := &postgres.MonitorState{
		Monitor: m.cfg.ID, Revision: revision, Verdict: verdict, Since: since, Reason: m.reason, Checkpoint: checkpoint,
	}
	s.Advisory, s.AdvisorySince = m.state.Advisory()
	return s
}

func voteOf(m *monitor, v *consensus.VoteView) postgres.Vote {
	return postgres.Vote{
		Monitor: m.cfg.ID, Region: v.Region, Revision: m.cfg.Revision, Outcome: v.Outcome, Reason: v.Reason, Detail: v.Detail,
		Since: v.Since, Due: v.Due, Latency: v.Latency, Code: v.Code, IP: v.IP, Site: v.Site, Canary: v.Canary,
		Exempt: v.Exempt, Counted: v.Counted,
	}
}
