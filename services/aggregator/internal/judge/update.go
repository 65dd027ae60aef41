package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// What an incident says that ended because its monitor changed.
const retargeted = "Closed because what is checked was changed"

// Put adds a monitor, with what is known of it, or takes over a change of one that is
// there, whose own state then counts.
func (j *Judge) Put(jm *postgres.JudgedMonitor, now uptime.Instant) {
	delete(j.gone, jm.Watched.ID)
	if slot, ok := j.slots[jm.Watched.ID]; ok {
		j.change(j.table[slot], &jm.Watched, now)
		return
	}
	j.add(jm, now)
}

func (j *Judge) add(jm *postgres.JudgedMonitor, now uptime.Instant) {
	m := &monitor{added: now}
	if n := len(j.free); n > 0 {
		m.slot, j.free = j.free[n-1], j.free[:n-1]
		j.table[m.slot] = m
	} else {
		m.slot = int32(len(j.table))
		j.table = append(j.table, m)
	}
	j.slots[jm.Watched.ID] = m.slot
	j.configure(m, &jm.Watched)
	j.restore(m, jm, now)
	j.take(m, now)
	if jm.State == nil && !m.cfg.Paused {
		m.later().spans = append(m.later().spans, postgres.SpanSwitch{Monitor: m.cfg.ID, At: now, Verdict: uptime.VerdictUnknown})
		j.soil(m)
	}
	if m.since == 0 && !m.cfg.Paused {
		m.armed = m.added.Add(m.cfg.Freshness())
		j.timers.push(m.armed, m.slot)
	}
	j.schedule(m, now)
}

// configure sets what is judged and by which rule.
func (j *Judge) configure(m *monitor, w *postgres.Watched) {
	if m.regions != nil && m.cfg.Interval > 0 && !m.cfg.Paused {
		m.regions.rate -= 1 / m.cfg.Interval.Seconds()
	}
	m.regions = j.place(m, w)
	m.cfg = consensus.Monitor{
		ID: w.ID, Revision: w.Revision, Target: uint64(w.TargetRevision), Interval: w.Interval, Timeout: w.Timeout,
		MinRecheck: minRecheck(w.Kind), Policy: w.Policy, Assigned: m.regions.assigned, Paused: w.Paused,
		Heartbeat: j.heartbeatOf(w),
	}
	if w.Interval > 0 && !w.Paused {
		m.regions.rate += 1 / w.Interval.Seconds()
	}
}

// restore puts back what was checkpointed: the state as it was when something last
// happened, and the votes, which are newer.
func (j *Judge) restore(m *monitor, jm *postgres.JudgedMonitor, now uptime.Instant) {
	if st := jm.State; st != nil {
		if err := json.Unmarshal(st.Checkpoint, &m.state); err != nil {
			j.cfg.Log.Warn("the checkpoint of a monitor cannot be read, going on from its votes",
				"err", err, "monitor", m.cfg.ID.String())
		}
		m.reason, m.added = st.Reason, st.Since
	}
	m.recall(jm.Ends)
	var opened uptime.Instant
	if jm.Open != nil {
		opened = jm.Open.Opened
	}
	m.state.Reconcile(opened)
	_, m.since = m.state.Verdict()
	if m.blind = m.state.Blind(); m.blind {
		j.health.blind++
	}
	for i := range jm.Votes {
		if v := &jm.Votes[i]; v.Revision >= jm.Watched.TargetRevision {
			m.state.Result(&m.cfg, resultOf(v, m.cfg.Revision), now, &j.out)
		}
	}
	if jm.State != nil && jm.State.Revision != notJudged && jm.State.Revision != m.cfg.Revision {
		m.state.Configure(&m.cfg, &j.fleet, now, &j.out)
		j.retarget(m, jm.State.Revision < jm.Watched.TargetRevision, now)
	}
}

// resultOf returns the result of which a vote was made; the fold knows it already if
// the state is as new as the vote.
func resultOf(v *postgres.Vote, revision int64) *uptime.Result {
	return &uptime.Result{
		Monitor: v.Monitor, Revision: revision, Region: v.Region, Due: v.Due, Started: v.Due, Outcome: v.Outcome,
		Reason: v.Reason, Detail: v.Detail, Code: v.Code, Phases: uptime.Phases{Total: v.Latency}, IP: v.IP, Site: v.Site,
		Canary: v.Canary, Exempt: v.Exempt,
	}
}

// change takes over a changed monitor. A change of interval, policy or regions is
// judged by the votes that there are; a change of what is looked at forgets them.
func (j *Judge) change(m *monitor, w *postgres.Watched, now uptime.Instant) {
	if w.Revision < m.cfg.Revision || w.Revision == m.cfg.Revision && w.Paused == m.cfg.Paused {
		return // An older reading, or a change that does not concern judging.
	}
	was, other := m.cfg.Paused, uint64(w.TargetRevision) != m.cfg.Target
	j.configure(m, w)
	m.state.Configure(&m.cfg, &j.fleet, now, &j.out)
	j.retarget(m, other, now)
	if other {
		m.ends = nil // the database has forgotten them with the change
	}
	m.judged = true
	j.soil(m)
	if was != w.Paused {
		// Paused time belongs to no verdict; after it nothing is known.
		m.later().spans = append(m.later().spans, postgres.SpanSwitch{
			Monitor: m.cfg.ID, At: now, Verdict: uptime.VerdictUnknown, Close: w.Paused,
		})
	}
	j.take(m, now)
	j.schedule(m, now)
}

// retarget ends the incident of a target that is looked at no more. Nobody is told,
// for nobody knows whether it is well again.
func (j *Judge) retarget(m *monitor, other bool, now uptime.Instant) {
	opened := m.state.Incident()
	if !other || opened == 0 {
		return
	}
	m.state.Reconcile(0)
	j.out.Resolved = append(j.out.Resolved, consensus.Resolve{At: max(now, opened+1), Explanation: retargeted, Quiet: true})
}

// Remove forgets a monitor that was deleted.
func (j *Judge) Remove(id uptime.ID, now uptime.Instant) {
	j.gone[id] = now
	slot, ok := j.slots[id]
	if !ok {
		return
	}
	m := j.table[slot]
	if m.cfg.Interval > 0 && !m.cfg.Paused {
		m.regions.rate -= 1 / m.cfg.Interval.Seconds()
	}
	if m.blind {
		j.health.blind--
	}
	if m.pending != nil {
		j.release(m.pending.fails)
	}
	j.table[slot] = nil
	delete(j.beats.slots, slot)
	j.free = append(j.free, slot)
	delete(j.slots, id)
	j.units = slices.DeleteFunc(j.units, func(u unit.Unit) bool { return u.Monitor == id })
}

// unstash loads the monitors, or their newer revisions, of which there are results
// already, and folds those.
func (j *Judge) unstash(ctx context.Context, now uptime.Instant) error {
	stash := j.stash
	j.stash = nil
	var ids []uptime.ID
	for i := range stash {
		ids = append(ids, stash[i].Monitor)
	}
	slices.SortFunc(ids, func(a, b uptime.ID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	if err := j.load(ctx, ids, now); err != nil {
		return err
	}
	for i := range stash {
		r := &stash[i]
		slot, ok := j.slots[r.Monitor]
		if !ok {
			j.cfg.Metrics.orphans.Inc()
			continue
		}
		j.fold(j.table[slot], r, now)
	}
	return nil
}

// load brings monitors up to date with the database; those that it does not have are
// forgotten.
func (j *Judge) load(ctx context.Context, ids []uptime.ID, now uptime.Instant) error {
	found, err := j.cfg.Loader.Load(ctx, ids)
	if err != nil {
		return fmt.Errorf("load %d monitors: %w", len(ids), err)
	}
	known := make(map[uptime.ID]bool, len(found))
	for i := range found {
		known[found[i].Watched.ID] = true
		j.Put(&found[i], now)
	}
	for _, id := range ids {
		if !known[id] {
			j.Remove(id, now)
		}
	}
	return nil
}

// reload replaces monitors whose transitions were refused by what the database says.
func (j *Judge) reload(ctx context.Context, ids []uptime.ID, now uptime.Instant) error {
	if len(ids) == 0 {
		return nil
	}
	for _, id := range ids {
		j.Remove(id, now)
	}
	return j.load(ctx, ids, now)
}

// Forget drops memories of monitors that were gone a while ago.
func (j *Judge) forgetGone(now uptime.Instant) {
	for id, at := range j.gone {
		if now.Sub(at) > goneFor {
			delete(j.gone, id)
		}
	}
}

// SetRegions takes over the fleet's regions as they are now, and judges anew what the
// difference concerns.
func (j *Judge) SetRegions(ctx context.Context, all []unit.Region, now uptime.Instant) error {
	slices.SortFunc(all, func(a, b unit.Region) int { return strings.Compare(a.Name, b.Name) })
	fleet := make([]uptime.Region, len(all))
	known := make(map[string]consensus.Region, len(all))
	touched := map[string]bool{}
	j.health.private = map[string]bool{}
	for i, r := range all {
		j.health.private[r.Name] = r.Private
		fleet[i] = uptime.Region{Name: r.Name, Enabled: r.Enabled, Private: r.Private}
		known[r.Name] = consensus.Region{Healthy: r.Enabled && !r.Sick, Live: r.Live}
		if j.fleet.Regions[r.Name] != known[r.Name] {
			touched[r.Name] = true
		}
	}
	for name := range j.fleet.Regions {
		if _, still := known[name]; !still {
			touched[name] = true
		}
	}
	j.fleet.Regions = known
	changed := j.regions.adopt(fleet)
	for region, rate := range j.regions.rates() {
		j.fleet.Budget.SetRate(region, rate)
	}
	if len(touched) == 0 && len(changed) == 0 {
		return nil
	}
	for set := range j.setsOf(touched) {
		changed[set] = true
	}
	for _, m := range j.table {
		if m == nil || !changed[m.regions] {
			continue
		}
		m.cfg.Assigned = m.regions.assigned
		m.state.Configure(&m.cfg, &j.fleet, now, &j.out)
		m.judged = true
		j.soil(m)
		j.take(m, now)
		j.rearm(m, now)
		if err := j.flushIf(ctx, now, unitsAtOnce); err != nil {
			return err
		}
	}
	return nil
}

// setsOf returns the sets that one of the regions belongs to.
func (j *Judge) setsOf(names map[string]bool) map[*regionSet]bool {
	sets := map[*regionSet]bool{}
	for _, set := range j.regions.sets {
		if slices.ContainsFunc(set.assigned, func(name string) bool { return names[name] }) {
			sets[set] = true
		}
	}
	return sets
}
