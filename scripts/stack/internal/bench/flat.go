package bench

import (
	"context"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/bench/report"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// flatRates are the steps in checks a second; the shortest interval that the product
// offers makes them of few monitors.
var flatRates = []int{2000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 12_000}

const (
	flatInterval = 5 * time.Second
	flatWindow   = 10 * time.Second
	// flatOldest is from when a waiting check shows that the fleet does not keep up.
	flatOldest = 2 * time.Second
)

// flat raises the rate until the fleet no longer keeps up.
func (b *bench) flat(ctx context.Context, out *report.Part) error {
	f, err := b.start(ctx)
	if err != nil {
		return err
	}
	f.spoilt = true
	var best window
	reached, stopped := 0, "the last step"
	for _, rate := range flatRates {
		w, why, err := f.step(ctx, rate)
		if err != nil {
			return err
		}
		f.tell("%d checks/s: %.0f done a second, %.3f ms of Go a check %s", rate, float64(w.checks)/w.seconds, w.perCheck(w.golang), why)
		if why != "" {
			stopped = why
			break
		}
		best, reached = w, rate
		if err := b.profile(ctx, f, out.Name); err != nil { // the last one stays
			return err
		}
	}
	if reached == 0 {
		out.Rows = append(out.Rows, report.AtLeast("checks a second without a miss", 0, 8000, "/s").Note("%s at %d/s already", stopped, flatRates[0]))
		return nil
	}
	out.Others = best.others
	rate := float64(best.checks) / best.seconds
	out.Rows = append(out.Rows,
		report.AtLeast("checks a second without a miss", rate, 8000, "/s").
			Note("on %d cores, with the websites and the bench on them; the next step: %s", cores(), stopped),
		report.Plain("for each core that the fleet itself took", float64(best.checks)/best.total.Seconds(), "/s"),
		report.AtMost("CPU a check, seven Go processes", best.perCheck(best.golang), 0.12, "ms"),
		report.Plain("CPU a check, with engines", best.perCheck(best.total), "ms"))
	memory, err := f.memory()
	if err != nil {
		return err
	}
	out.Shares = f.shares(best, memory)
	return nil
}

// step runs one rate. why says by what the fleet did not keep up, if so.
func (f *fleet) step(ctx context.Context, rate int) (w window, why string, err error) {
	sites := rate * int(flatInterval/time.Second) / len(stack.DefaultRegions())
	if err := f.seed(ctx, f.plan.sites, sites, flatInterval); err != nil {
		return w, "", err
	}
	f.plan = plan{sites: sites, interval: flatInterval}
	if err := f.allUp(ctx); err != nil {
		return w, "not all websites get up", ctx.Err()
	}
	if err := sleep(ctx, flatInterval); err != nil {
		return w, "", err
	}
	before, err := f.sample(ctx)
	if err != nil {
		return w, "", err
	}
	if err := sleep(ctx, flatWindow); err != nil {
		return w, "", err
	}
	after, err := f.sample(ctx)
	if err != nil {
		return w, "", err
	}
	w = between(before, after)
	const enough = 0.98
	switch {
	case w.lost > 0:
		why = "checks are lost"
	case after.oldest > flatOldest:
		why = "checks wait for " + after.oldest.Round(time.Second/10).String()
	case float64(w.checks) < enough*float64(rate)*w.seconds:
		why = "fewer are done than are due"
	}
	return w, why, nil
}
