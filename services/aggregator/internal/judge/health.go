package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// health is what the judgements of all monitors together say about the fleet.
type health struct {
	blind     int // monitors whose verdict blindness hides
	told      bool
	why       string
	private   map[string]bool // regions of which only their organisation knows
	detectors map[string]*consensus.SickDetector
	windows   map[string]consensus.Window
	refused   map[string]uint64 // by a region's budget, as counted last
	at        int               // slot at which the sweep goes on
}

func newHealth() health {
	return health{
		detectors: map[string]*consensus.SickDetector{}, windows: map[string]consensus.Window{}, refused: map[string]uint64{},
	}
}

func (h *health) blinded(m *monitor, b *consensus.Blind) {
	if m.blind == !b.Ended {
		return
	}
	m.blind = !b.Ended
	if b.Ended {
		h.blind--
		return
	}
	h.blind++
	h.why = "No verdict where " + h.named(b.Regions) + " would have to give it: neither targets nor canaries answer there"
}

// named lists regions for everybody: those that an organisation keeps for itself
// without their names.
func (h *health) named(regions []string) string {
	var names []string
	for _, name := range regions {
		if !h.private[name] {
			names = append(names, name)
		}
	}
	if len(names) < len(regions) {
		names = append(names, "private regions")
	}
	return strings.Join(names, ", ")
}

// RestoreHealth puts back what was saved of the regions and whether the fleet was
// known to be blind.
func (j *Judge) RestoreHealth(detectors map[string]consensus.SickDetector, blind bool) {
	for region, d := range detectors {
		j.health.detectors[region] = &d
	}
	if j.health.told = blind; blind && j.health.why == "" {
		j.health.why = "The regions do not reach the world"
	}
}

// Health returns what there is to save of the regions.
func (j *Judge) Health() map[string]consensus.SickDetector {
	out := make(map[string]consensus.SickDetector, len(j.health.detectors))
	for region, d := range j.health.detectors {
		out[region] = *d
	}
	return out
}

// Sweep looks at one part of so many of all monitors: at what only time, and not a
// result, changes. After all parts it judges the regions by what they saw. Call it
// once a second with parts being the seconds of a window.
func (j *Judge) Sweep(ctx context.Context, now uptime.Instant, parts int) error {
	j.forgetGone(now)
	j.cfg.Metrics.monitors.Set(float64(len(j.slots)))
	for region := range j.fleet.Regions {
		refused := j.fleet.Budget.Refused(region)
		j.cfg.Metrics.budgetRefused.WithLabelValues(region).Add(float64(refused - j.health.refused[region]))
		j.health.refused[region] = refused
	}
	end := min(len(j.table), j.health.at+len(j.table)/max(parts, 1)+1)
	for ; j.health.at < end; j.health.at++ {
		m := j.table[j.health.at]
		if m == nil || m.cfg.Paused {
			continue
		}
		m.forget(now)
		if j.cfg.Fleet && !j.fleet.CatchUp {
			m.state.Dissent(&m.cfg, &j.fleet, now, j.sample)
		}
	}
	troubles := j.blindness(now)
	if j.health.at >= len(j.table) {
		j.health.at = 0
		troubles = append(troubles, j.sickness(now)...)
	}
	if len(troubles) > 0 {
		if err := j.cfg.Recorder.RecordTrouble(ctx, troubles); err != nil {
			return fmt.Errorf("record trouble of the fleet: %w", err)
		}
	}
	return j.flushIf(ctx, now, 1)
}

func (j *Judge) sample(region string, failed bool) {
	w := j.health.windows[region]
	w.Samples++
	if failed {
		w.Failed++
	}
	j.health.windows[region] = w
}

// Tell makes the incidents of monitors known of which nobody was told when they were
// opened, as far as the monitors do not flap any more.
func (j *Judge) Tell(ctx context.Context, monitors []uptime.ID, now uptime.Instant) error {
	for _, id := range monitors {
		slot, ok := j.slots[id]
		if !ok {
			continue
		}
		m := j.table[slot]
		if m.state.Incident() == 0 || m.state.Flapping(&m.cfg, now) {
			continue
		}
		m.judged = true
		u := j.snapshot(m, now)
		u.Told = &unit.Told{At: now, Explanation: m.state.Explain(&m.cfg, &j.fleet, now)}
		j.units = append(j.units, u)
	}
	return j.flushIf(ctx, now, 1)
}

// blindness says whether the fleet has become, or is no longer, blind.
func (j *Judge) blindness(now uptime.Instant) []unit.Trouble {
	blind := j.health.blind > 0
	if blind == j.health.told || j.fleet.CatchUp {
		return nil
	}
	j.health.told = blind
	return []unit.Trouble{{Kind: postgres.FleetBlind, At: now, Ended: !blind, Explanation: j.health.why}}
}

// sickness closes the window of every region.
func (j *Judge) sickness(now uptime.Instant) []unit.Trouble {
	var troubles []unit.Trouble
	for region, w := range j.health.windows {
		d := j.health.detectors[region]
		if d == nil {
			d = &consensus.SickDetector{}
			j.health.detectors[region] = d
		}
		if !d.Observe(w) {
			continue
		}
		troubles = append(troubles, unit.Trouble{
			Kind: postgres.FleetSick, Region: region, At: now, Ended: !d.Sick,
			Explanation: fmt.Sprintf("Region %s fails %.0f %% of the monitors that pass elsewhere, %.0f %% is its normal: its votes do not count until it is well",
				region, 100*d.Share, 100*d.Normal),
		})
	}
	clear(j.health.windows)
	slices.SortFunc(troubles, func(a, b unit.Trouble) int { return strings.Compare(a.Region, b.Region) })
	return troubles
}
