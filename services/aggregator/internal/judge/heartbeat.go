package judge

import (
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// beats is what the judge remembers of monitors that call in by themselves.
type beats struct {
	slots    map[int32]bool
	awaiting []int32   // past their deadline, until the api is heard of
	set      regionSet // the one pseudo-region of them all; nobody has a rate or a worker in it
}

func newBeats() beats {
	return beats{slots: map[int32]bool{}, set: regionSet{assigned: []string{uptime.RegionHeartbeat}}}
}

// place returns where a monitor is looked at from.
func (j *Judge) place(m *monitor, w *postgres.Watched) *regionSet {
	if w.Kind != uptime.KindHeartbeat {
		return j.regions.set(w.Regions)
	}
	j.beats.slots[m.slot] = true
	return &j.beats.set
}

// heartbeatOf returns how a monitor calls in, nil if it does not.
func (j *Judge) heartbeatOf(w *postgres.Watched) *consensus.Heartbeat {
	if w.Kind != uptime.KindHeartbeat {
		return nil
	}
	s, err := monitorspec.Read[monitorspec.Heartbeat](w.Settings)
	if err != nil { // what was stored was valid
		j.cfg.Log.Error("the settings of a heartbeat cannot be read", "err", err, "monitor", w.ID.String())
		s = &monitorspec.Heartbeat{GraceSeconds: 60}
	}
	return &consensus.Heartbeat{
		Grace: time.Duration(s.GraceSeconds) * time.Second, MaxRun: time.Duration(s.MaxRunSeconds) * time.Second,
	}
}

// Listening returns when heartbeats could be taken, as far as it is known.
func (j *Judge) Listening() postgres.Listening { return postgres.Listening(j.fleet.Listening) }

// RestoreListening puts back what was saved of it.
func (j *Judge) RestoreListening(l postgres.Listening) { j.fleet.Listening = consensus.Listening(l) }

// Listened takes word that the api was able to take calls at an instant. Heartbeats whose
// deadline has passed wait for it; where it ends a gap, every one of them is judged by
// what was known before, and then gets a new deadline.
func (j *Judge) Listened(at, now uptime.Instant) {
	next, anew := j.fleet.Listening.Heard(at)
	if anew {
		for slot := range j.beats.slots {
			j.listen(slot, at)
		}
	}
	j.fleet.Listening = next
	awaiting := j.beats.awaiting
	j.beats.awaiting = nil
	if anew {
		for slot := range j.beats.slots {
			j.listen(slot, now)
		}
		return
	}
	for _, slot := range awaiting {
		j.listen(slot, now)
	}
}

// listen judges one heartbeat anew.
func (j *Judge) listen(slot int32, now uptime.Instant) {
	m := j.table[slot]
	if m == nil || m.cfg.Heartbeat == nil || m.cfg.Paused {
		return
	}
	m.state.Configure(&m.cfg, &j.fleet, now, &j.out)
	m.judged = true
	j.soil(m)
	j.take(m, now)
	j.rearm(m, now)
	j.await(m)
}

// await notes a heartbeat that waits for word of the api.
func (j *Judge) await(m *monitor) {
	if m.state.Awaits() {
		j.beats.awaiting = append(j.beats.awaiting, m.slot)
	}
}

// pulse returns what there is to save of a heartbeat's runs, nil of other monitors.
func (j *Judge) pulse(m *monitor) *postgres.Pulse {
	if m.cfg.Heartbeat == nil || !m.judged {
		return nil
	}
	p := m.state.Pulse(&m.cfg, &j.fleet)
	return &postgres.Pulse{
		Monitor: m.cfg.ID, Last: p.Last, OK: p.OK, Message: p.Message, Run: p.Run, Started: p.Started, Late: p.Late,
	}
}
