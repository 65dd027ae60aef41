package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Bounds of every wait. Patience is far above what is promised: a loaded machine is
// slow, and how long things took is in the figures.
const (
	patience = 90 * time.Second
	fresh    = 2 * time.Second // how long anything may wait to be taken when all is well
	stuck    = 4 * time.Second // and to be finished
)

// play is one scenario under way.
type play struct {
	began, broke     time.Time
	before, in, past []website // whose outage begins before, in and after the fault
	base             map[string]Slots
	alreadyTold      int
}

func (p *play) all() []website {
	return append(append(append([]website(nil), p.before...), p.in...), p.past...)
}

// Play plays a scenario whose fault lasts so long. An error means that it could not be
// played; broken promises are in the figures.
func (r *Rig) Play(ctx context.Context, s *Scenario, hold time.Duration) (f Figures, err error) {
	if s.Prepare != nil {
		if err := s.Prepare(ctx, r); err != nil {
			return f, err
		}
	}
	p := &play{began: time.Now(), alreadyTold: len(r.hook.all())}
	r.forged = map[string]int64{}
	if err := r.prologue(ctx, p); err != nil {
		return f, err
	}
	p.broke = time.Now()
	heal, err := s.Inject(ctx, r)
	if err != nil {
		return f, fmt.Errorf("break it: %w", err)
	}
	r.turn(p.in, http.StatusInternalServerError)
	r.turn(p.before, http.StatusOK)
	if err := sleep(ctx, hold); err != nil {
		return f, errors.Join(err, heal(ctx))
	}
	if s.During != nil {
		f.Checks = append(f.Checks, s.During(ctx, r, p)...)
	}
	then, _ := r.ledger(ctx) // Redis may be away: then all that is done counts as new
	if err := heal(ctx); err != nil {
		return f, fmt.Errorf("mend it: %w", err)
	}
	f.Held = time.Since(p.broke)
	r.turn(p.past, http.StatusInternalServerError)
	f.Recovery, f.Recovered = until(ctx, patience, func() bool { return r.moves(ctx, then) })
	r.have(ctx, append(append([]website(nil), p.in...), p.past...), "open", p.began)
	ended := time.Now()
	r.turn(p.all(), http.StatusOK)
	r.have(ctx, p.all(), "resolved", p.began)
	if err := r.count(ctx, s, p, ended, &f); err != nil {
		return f, err
	}
	if s.After != nil {
		f.Checks = append(f.Checks, s.After(ctx, r, p)...)
	}
	return f, r.remove(ctx, p.all())
}

// prologue lets the first outages begin and be told.
func (r *Rig) prologue(ctx context.Context, p *play) error {
	const each = 2
	all, err := r.outages(ctx, 3*each)
	if err != nil {
		return err
	}
	p.before, p.in, p.past = all[:each:each], all[each:2*each:2*each], all[2*each:]
	r.turn(p.before, http.StatusInternalServerError)
	if _, ok := r.have(ctx, p.before, "open", p.began); !ok {
		return errors.New("an outage is not found although nothing is broken")
	}
	if _, ok := until(ctx, patience, func() bool { return len(r.hook.all()) >= p.alreadyTold+len(p.before) }); !ok {
		return errors.New("an outage is not told although nothing is broken")
	}
	p.base, err = r.ledger(ctx)
	return err
}

// count adds up what became of the promises.
func (r *Rig) count(ctx context.Context, s *Scenario, p *play, ended time.Time, f *Figures) error {
	until(ctx, patience, func() bool { return r.allTold(p) == 0 })
	told := alerts(ids(p.all()), r.hook.all()[p.alreadyTold:])
	f.Alerts, f.Lost, f.Twice, f.Again = told.Alerts, told.Lost, told.Twice, told.Again
	if err := r.countIncidents(ctx, p, f); err != nil {
		return err
	}
	var err error
	until(ctx, patience, func() bool {
		err = r.countTicks(ctx, s, p, ended, f)
		return err == nil && f.Beyond == 0 && f.Balance == 0
	})
	return err
}

// allTold returns how many alerts are still to come.
func (r *Rig) allTold(p *play) int {
	return alerts(ids(p.all()), r.hook.all()[p.alreadyTold:]).Lost
}

func (r *Rig) countIncidents(ctx context.Context, p *play, f *Figures) error {
	var found map[string][]incident
	var err error
	until(ctx, patience, func() bool {
		found, err = r.incidents(ctx, p.began)
		return err == nil
	})
	if err != nil {
		return err
	}
	for _, w := range p.all() {
		f.Outages++
		switch n := len(found[w.ID]); n {
		case 0:
			f.Unseen++
		default:
			f.Duplicates += n - 1
		}
	}
	for _, w := range r.steady {
		f.False += len(found[w.ID])
	}
	for _, w := range r.dead { // one, open all the time
		if n := len(found[w.ID]); n != 1 || found[w.ID][0].Status != "open" || found[w.ID][0].OpenedAt.After(p.began) {
			f.False++
		}
	}
	// Alerts of the outage that is to be told by mail may come at any time.
	unmoved := map[string]bool{}
	for _, w := range slices.Concat(r.steady, r.dead) {
		unmoved[w.ID] = true
	}
	for _, t := range r.hook.all()[p.alreadyTold:] {
		if unmoved[t.website] {
			f.False++
		}
	}
	return nil
}

// countTicks compares every slot from the fault to the end with InfluxDB and the ledgers.
func (r *Rig) countTicks(ctx context.Context, s *Scenario, p *play, ended time.Time, f *Figures) error {
	now, err := r.ledger(ctx)
	if err != nil {
		return err
	}
	ticks, err := readTicks(ctx, r.fleet.InfluxURL, p.began)
	if err != nil {
		return err
	}
	var series []seriesKey
	perRegion := int64(0)
	for _, w := range append(append(append([]website(nil), r.steady...), r.dead...), p.all()...) {
		perRegion++
		for _, region := range r.regions {
			series = append(series, seriesKey{w.Monitors[0].ID, region})
		}
	}
	missing := holes(series, ticks, interval, p.broke, ended)
	f.Slots, f.Holes, f.Beyond = Slots{}, 0, 0
	for _, region := range r.regions {
		added := now[region].since(p.base[region])
		f.Slots = f.plus(added)
		f.Holes += missing[region]
		f.Beyond += max(0, missing[region]-(added.counted()-r.forged[region])-int64(s.Loses)*perRegion)
	}
	return nil
}

func ids(all []website) []string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = w.ID
	}
	return out
}

// Row plays a scenario in its long or its short form and says what came of it.
func (r *Rig) Row(ctx context.Context, s *Scenario, short bool) Row {
	hold := s.Long
	if short {
		hold = s.Short
	}
	skip := Row{Name: s.Name, Fault: s.Fault, Promise: s.Promise}
	switch {
	case ctx.Err() != nil:
		skip.Skipped = "the time was over"
		return skip
	case s.Mounts && len(r.disks) == 0:
		skip.Skipped = "only root may mount a small disk"
		return skip
	}
	f, err := r.Play(ctx, s, hold)
	return NewRow(s, &f, hold, err)
}
