package bench

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/bench/report"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

func cores() int { return runtime.NumCPU() }

// byAPI is the load up to which websites are added by the API, as clients do.
const byAPI = 1000

// targets of the loads; a figure without one is shown only.
var (
	golangMillis = map[int]float64{4000: 0.18}
	totalMillis  = map[int]float64{4000: 0.32}
	golangMiB    = map[int]float64{4000: 150}
	totalMiB     = map[int]float64{4000: 390}
	lateMillis   = map[int]float64{4000: 25}
	burst        = map[int]float64{4000: 1.3}
)

func figure(name string, value float64, targets map[int]float64, sites int, unit string) report.Row {
	if t, ok := targets[sites]; ok {
		return report.AtMost(name, value, t, unit)
	}
	return report.Plain(name, value, unit)
}

// loadPart measures a load at its steady rate.
func loadPart(sites int, interval time.Duration) func(*bench, context.Context, *report.Part) error {
	return func(b *bench, ctx context.Context, out *report.Part) error {
		p := plan{sites: sites, interval: interval}
		if sites <= byAPI {
			if err := b.watchByAPI(ctx, p, out); err != nil {
				return err
			}
		}
		f, err := b.watch(ctx, p)
		if err != nil {
			return err
		}
		if err := b.steady(ctx, f, out); err != nil {
			return err
		}
		return b.profile(ctx, f, out.Name)
	}
}

// watchByAPI starts a fleet and adds its websites by the API.
func (b *bench) watchByAPI(ctx context.Context, p plan, out *report.Part) error {
	f, err := b.start(ctx)
	if err != nil {
		return err
	}
	f.plan = p
	before, err := f.memory()
	if err != nil {
		return err
	}
	rate, err := f.addByAPI(ctx, p.sites, p.interval)
	if err != nil {
		return err
	}
	after, err := f.memory()
	if err != nil {
		return err
	}
	out.Rows = append(out.Rows,
		report.Plain("websites added by the API, 8 clients", rate, "/s"),
		report.Plain("memory of api right after", after[stack.API], "MiB").Note("before: %.1f", before[stack.API]))
	return f.allUp(ctx)
}

// lateness is what the aggregator saw in one window of one region.
type lateness struct{ p50, p99 float64 } // ms

// steady lets the fleet settle and measures some windows in a row.
func (b *bench) steady(ctx context.Context, f *fleet, out *report.Part) error {
	settle := b.form.settle
	if f.plan.sites == 4000 {
		settle = max(settle, b.form.memory)
	}
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	if err := f.sites.Mark(ctx); err != nil {
		return err
	}
	first, err := f.sample(ctx)
	if err != nil {
		return err
	}
	var windows []window
	late := map[string]lateness{}
	for last := first; len(windows) < b.form.runs; {
		if err := f.lateness(ctx, b.form.window, late); err != nil {
			return err
		}
		now, err := f.sample(ctx)
		if err != nil {
			return err
		}
		windows = append(windows, between(last, now))
		last = now
	}
	asked, err := f.sites.Stats(ctx)
	if err != nil {
		return err
	}
	memory, err := f.memory()
	if err != nil {
		return err
	}
	last, err := f.sample(ctx)
	if err != nil {
		return err
	}
	whole := between(first, last)
	out.Others = whole.others
	out.Shares = f.shares(whole, memory)
	out.Rows = append(out.Rows, steadyRows(f.plan.sites, windows, whole)...)
	out.Rows = append(out.Rows, f.memoryRows(memory, settle)...)
	out.Rows = append(out.Rows, latenessRows(f.plan.sites, late, asked.PerSecond)...)
	return nil
}

func steadyRows(sites int, windows []window, whole window) []report.Row {
	var golang, total, rate []float64
	for _, w := range windows {
		golang = append(golang, w.perCheck(w.golang))
		total = append(total, w.perCheck(w.total))
		rate = append(rate, float64(w.checks)/w.seconds)
	}
	return []report.Row{
		report.Plain("checks done", report.Median(rate), "/s").Of(rate),
		report.AtMost("missed, expired or invalid", float64(whole.lost), 0, ""),
		figure("CPU a check, seven Go processes", report.Median(golang), golangMillis, sites, "ms").Of(golang),
		figure("CPU a check, with PostgreSQL, Redis and InfluxDB", report.Median(total), totalMillis, sites, "ms").Of(total),
	}
}

func (f *fleet) memoryRows(memory map[string]float64, settled time.Duration) []report.Row {
	golang, total := sums(memory)
	sites := f.plan.sites
	after := settled.Round(time.Second).String()
	return []report.Row{
		figure("memory (PSS), seven Go processes", golang, golangMiB, sites, "MiB").Note("at least %s after the start", after),
		figure("memory (PSS), with engines", total, totalMiB, sites, "MiB"),
	}
}

func latenessRows(sites int, late map[string]lateness, perSecond []int64) []report.Row {
	var p50, p99 []float64
	for _, l := range late {
		p50, p99 = append(p50, l.p50), append(p99, l.p99)
	}
	rows := []report.Row{
		report.Plain("lateness, median", report.Median(p50), "ms").Of(p50),
		figure("lateness, 99th percentile", report.Median(p99), lateMillis, sites, "ms").Of(p99).
			Note("of %d windows as the aggregator saw them", len(p99)),
	}
	if len(perSecond) > 0 {
		var sum int64
		for _, n := range perSecond {
			sum += n
		}
		mean := float64(sum) / float64(len(perSecond))
		rows = append(rows, figure("peak second over mean", float64(slices.Max(perSecond))/mean, burst, sites, "").
			Note("as the websites saw it, %d s", len(perSecond)))
	}
	return rows
}

// lateness looks for a while at what the aggregator says of each of its windows.
func (f *fleet) lateness(ctx context.Context, d time.Duration, into map[string]lateness) error {
	begun, end := time.Now(), time.Now().Add(d)
	for {
		rows, err := f.db.Query(ctx,
			"SELECT region || updated_at, late_p50_us, late_p99_us FROM region_stat WHERE results > 0 AND updated_at > $1", begun)
		if err != nil {
			return err
		}
		for rows.Next() {
			var key string
			var p50, p99 int64
			if err := rows.Scan(&key, &p50, &p99); err != nil {
				return err
			}
			into[key] = lateness{float64(p50) / 1000, float64(p99) / 1000}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		if err := sleep(ctx, min(left, time.Second)); err != nil {
			return err
		}
	}
}
