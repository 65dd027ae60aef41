package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/bench/report"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/target"
)

// The outages of part faults: half as many websites answer 500 as hang, which is one
// website in fifty of 10,000.
const (
	answering = 100
	hanging   = 200
)

// big is the fleet that the parts about faults share.
func (b *bench) big() plan { return plan{sites: b.form.storm, interval: b.form.every} }

// opening is an incident as far as it matters here.
type opening struct {
	site int
	at   time.Time
}

// openings returns the incidents opened since a time, oldest first.
func (f *fleet) openings(ctx context.Context, since time.Time) ([]opening, error) {
	rows, err := f.db.Query(ctx,
		"SELECT m.target, i.opened_at FROM incident i JOIN monitor m ON m.id = i.monitor_id WHERE i.opened_at >= $1 ORDER BY i.opened_at", since)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []opening
	for rows.Next() {
		var url string
		var o opening
		if err := rows.Scan(&url, &o.at); err != nil {
			return nil, err
		}
		o.site = siteOf(url)
		all = append(all, o)
	}
	return all, rows.Err()
}

// quiet waits until no incident is open.
func (f *fleet) quiet(ctx context.Context) error {
	return until(ctx, "no incident is open", 4*time.Minute, time.Second, func() (bool, error) {
		var open int
		err := f.db.QueryRow(ctx, "SELECT count(*) FROM incident WHERE resolved_at IS NULL").Scan(&open)
		return open == 0, err
	})
}

// faults breaks websites one by one, evenly over more than an interval, so that every
// phase of a monitor is met: some answer 500, some hang.
func (b *bench) faults(ctx context.Context, out *report.Part) error {
	f, err := b.watch(ctx, b.big())
	if err != nil {
		return err
	}
	if err := f.quiet(ctx); err != nil {
		return err
	}
	remove, err := f.tellSinks(ctx, "webhook")
	if err != nil {
		return err
	}
	before, err := f.sample(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	broke, err := f.breakOneByOne(ctx, b.form.spread)
	if err != nil {
		return err
	}
	found := map[int]time.Time{}
	err = until(ctx, "every outage is found", f.plan.detection()+30*time.Second, 500*time.Millisecond, func() (bool, error) {
		all, err := f.openings(ctx, begun)
		for _, o := range all {
			if _, known := found[o.site]; !known {
				found[o.site] = o.at
			}
		}
		return len(found) >= len(broke), err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		f.tell("%v: %d of %d", err, len(found), len(broke))
	}
	if err := sleep(ctx, 2*time.Second); err != nil { // the last alerts are under way
		return err
	}
	after, err := f.sample(ctx)
	if err != nil {
		return err
	}
	hooks, _ := f.sinks.told()
	w := between(before, after)
	out.Others = w.others
	out.Rows = append(out.Rows, report.AtMost("missed, expired or invalid, with 2 % of the targets hanging", float64(w.lost), 0, "").
		Note("%d checks", w.checks))
	out.Rows = append(out.Rows, detectionRows(f.plan, broke, found, hooks)...)
	if err := f.sites.SetMode(ctx, 0, target.MaxSites, target.ModeOK); err != nil {
		return err
	}
	return remove(ctx)
}

// breakOneByOne returns when each website broke.
func (f *fleet) breakOneByOne(ctx context.Context, over time.Duration) (map[int]time.Time, error) {
	const sites = answering + hanging
	broke := map[int]time.Time{}
	begun := time.Now()
	for i := range sites {
		mode := target.ModeHang
		if i%3 == 0 {
			mode = http.StatusInternalServerError
		}
		if err := sleep(ctx, time.Until(begun.Add(over*time.Duration(i)/sites))); err != nil {
			return nil, err
		}
		broke[i] = time.Now()
		if err := f.sites.SetMode(ctx, i, i+1, mode); err != nil {
			return nil, err
		}
	}
	return broke, nil
}

// detectionRows say how long it took from outage to incident and to alert.
func detectionRows(p plan, broke, found map[int]time.Time, hooks []hook) []report.Row {
	alerted := map[int]time.Time{}
	for _, h := range hooks {
		if _, known := alerted[h.site]; !known && h.kind == "alert.down" {
			alerted[h.site] = h.at
		}
	}
	var rows []report.Row
	for kind, name := range []string{"answering 500", "hanging"} {
		var incident, alert []float64
		all := 0
		for site, at := range broke {
			if (site%3 == 0) != (kind == 0) {
				continue
			}
			all++
			if opened, ok := found[site]; ok {
				incident = append(incident, opened.Sub(at).Seconds())
			}
			if told, ok := alerted[site]; ok {
				alert = append(alert, told.Sub(at).Seconds())
			}
		}
		what := fmt.Sprintf("from %s to incident, every %v", name, p.interval)
		median := report.Plain(what+", median", report.Median(incident), "s")
		if kind == 0 {
			median = report.AtMost(what+", median", report.Median(incident), 14, "s")
		}
		rows = append(rows,
			report.AtLeast("outages found, "+name, float64(len(incident)), float64(all), ""),
			median,
			report.AtMost(what+", longest", report.Quantile(incident, 1), p.detection().Seconds(), "s"),
			report.Plain("from "+name+" to the webhook, median", report.Median(alert), "s"),
			report.Plain("from "+name+" to the webhook, longest", report.Quantile(alert, 1), "s").Note("of %d alerts", len(alert)))
	}
	return rows
}

// restart kills all services at once, and looks when every website has been asked again.
func (b *bench) restart(ctx context.Context, out *report.Part) error {
	f, err := b.watch(ctx, b.big())
	if err != nil {
		return err
	}
	before, err := f.sample(ctx)
	if err != nil {
		return err
	}
	if err := f.sites.Mark(ctx); err != nil {
		return err
	}
	for _, name := range f.Names() {
		if !isEngine(name) {
			if err := f.Kill(name); err != nil {
				return err
			}
		}
	}
	var stats target.Stats
	err = until(ctx, "every website is asked again", 3*f.plan.interval, 250*time.Millisecond, func() (bool, error) {
		stats, err = f.sites.Stats(ctx)
		return stats.Sites >= f.plan.sites, err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		f.tell("%v: %d of %d", err, stats.Sites, f.plan.sites)
	}
	// The ledger balances once the checks of the time of the kill are done or expired.
	if err := sleep(ctx, 5*time.Second); err != nil {
		return err
	}
	after, err := f.sample(ctx)
	if err != nil {
		return err
	}
	out.Rows = append(out.Rows,
		report.AtLeast("websites asked again", float64(stats.Sites), float64(f.plan.sites), ""),
		report.AtMost("until the last of them was asked", stats.LastFirst.Sub(stats.Mark).Seconds(), f.plan.interval.Seconds(), "s"),
		report.AtMost("missed, expired or invalid", float64(lost(after)-lost(before)), 0, ""))
	return f.allUp(ctx)
}
