package bench

import (
	"context"
	"net/http"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/bench/report"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/target"
)

const (
	// stormAfter is for how long what the storm costs is counted after the last incident.
	stormAfter = 15 * time.Second
	// stormTold is how long the last mail may take: digests are a minute apart.
	stormTold = 3 * time.Minute
)

// storm breaks all websites at the same moment.
func (b *bench) storm(ctx context.Context, out *report.Part) error {
	f, err := b.watch(ctx, b.big())
	if err != nil {
		return err
	}
	if err := f.quiet(ctx); err != nil {
		return err
	}
	if _, err := f.tellSinks(ctx, "webhook", "email"); err != nil {
		return err
	}
	f.spoilt = true
	before, err := f.sample(ctx)
	if err != nil {
		return err
	}
	toldBefore, _ := f.sinks.told()
	begun := time.Now()
	if err := f.sites.SetMode(ctx, 0, target.MaxSites, http.StatusInternalServerError); err != nil {
		return err
	}
	var all []opening
	err = until(ctx, "every website has an incident", f.plan.detection()+time.Minute, 500*time.Millisecond, func() (bool, error) {
		all, err = f.openings(ctx, begun)
		return distinct(all) >= f.plan.sites, err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		f.tell("%v: %d of %d", err, distinct(all), f.plan.sites)
	}
	written := time.Since(begun)
	if err := sleep(ctx, stormAfter); err != nil {
		return err
	}
	after, err := f.sample(ctx)
	if err != nil {
		return err
	}
	if all, err = f.openings(ctx, begun); err != nil {
		return err
	}
	memory, err := f.memory()
	if err != nil {
		return err
	}
	w := between(before, after)
	out.Others, out.Shares = w.others, f.shares(w, memory)
	out.Rows = append(out.Rows, f.stormRows(begun, all, written)...)
	hooks, _ := f.sinks.told()
	golang, total := sums(memory)
	mails, err := f.mailRows(ctx, distinct(all))
	if err != nil {
		return err
	}
	out.Rows = append(out.Rows, mails...)
	out.Rows = append(out.Rows,
		report.Plain("webhooks sent meanwhile", float64(len(hooks)-len(toldBefore)), "").Note("one an incident, in %.0f s", w.seconds),
		report.AtMost("missed, expired or invalid", float64(w.lost), 0, ""),
		report.Plain("CPU of the seven Go processes meanwhile", w.golang.Seconds()/w.seconds, "cores"),
		report.Plain("CPU with engines meanwhile", w.total.Seconds()/w.seconds, "cores"),
		report.Plain("memory (PSS) afterwards, seven Go processes", golang, "MiB"),
		report.Plain("memory (PSS) afterwards, with engines", total, "MiB"))
	return nil
}

func (f *fleet) stormRows(begun time.Time, all []opening, written time.Duration) []report.Row {
	sites := distinct(all)
	rows := []report.Row{
		report.AtLeast("incidents opened", float64(sites), float64(f.plan.sites), ""),
		report.AtMost("of them twice for one website", float64(len(all)-sites), 0, ""),
	}
	if len(all) == 0 {
		return rows
	}
	most := (f.plan.detection() + 10*time.Second).Seconds()
	return append(rows,
		report.Plain("first incident opened after", all[0].at.Sub(begun).Seconds(), "s"),
		report.AtMost("last incident opened after", all[len(all)-1].at.Sub(begun).Seconds(), most, "s"),
		report.AtMost("all of them in the database after", written.Seconds(), most, "s"))
}

// distinct counts the websites of incidents.
func distinct(all []opening) int {
	sites := map[int]bool{}
	for _, o := range all {
		sites[o.site] = true
	}
	return len(sites)
}

// mailRows waits until every website was told of, and says by how many mails. A website
// that is told of by itself is the first of its cause; the others are told together.
func (f *fleet) mailRows(ctx context.Context, sites int) ([]report.Row, error) {
	var digests, all []time.Time
	told := 0
	err := until(ctx, "every website is told of by mail", stormTold, time.Second, func() (bool, error) {
		_, mails := f.sinks.told()
		digests, all, told = nil, nil, 0
		for _, m := range mails {
			all = append(all, m.at)
			if told += max(m.digest, 1); m.digest > 0 {
				digests = append(digests, m.at)
			}
		}
		return told >= sites, nil
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		f.tell("%v: %d of %d", err, told, sites)
	}
	return []report.Row{
		report.AtLeast("websites told of by mail", float64(told), float64(sites), "").
			Note("%d mails in all to one channel, %d of them digests", len(all), len(digests)),
		report.AtMost("digests in the busiest minute", float64(busiest(digests)), 1, ""),
		report.Plain("mails in the busiest minute, the first website's own among them", float64(busiest(all)), ""),
	}, nil
}

// busiest returns how many of the moments, which are in order, lie within one minute.
func busiest(at []time.Time) int {
	most, from := 0, 0
	for i := range at {
		for at[i].Sub(at[from]) >= time.Minute {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
