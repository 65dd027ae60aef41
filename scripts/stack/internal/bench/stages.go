package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/probefleet/probefleet/scripts/stack/internal/bench/report"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
)

// goBench is one run of Go benchmarks.
type goBench struct {
	module, pkg string
	pattern     string
	count       int
	args        []string
}

// stages runs the Go benchmarks of single stages: how fast each could go alone.
func (b *bench) stages(ctx context.Context, out *report.Part) error {
	test, started, err := engines.Test(ctx, b.cfg.Root, filepath.Join(b.cfg.Data, "test"), filepath.Join(b.cfg.Data, "bin", "influxd"), b.cfg.Tell)
	if err != nil {
		return err
	}
	if started {
		defer func() {
			if err := engines.Stop(filepath.Join(b.cfg.Data, "test"), true); err != nil {
				b.cfg.Tell("engines of the tests: %v", err)
			}
		}()
	}
	environ := append(os.Environ(),
		"PROBEFLEET_TEST_DATABASE_URL="+test.DatabaseURL, "PROBEFLEET_TEST_REDIS_URL="+test.RedisURL, "PROBEFLEET_TEST_INFLUXDB_URL="+test.InfluxURL)
	for _, run := range []struct {
		bench goBench
		rows  func(results) []report.Row
	}{
		// One processor: the collector's work counts, too.
		{goBench{"services/aggregator", "./internal/app", "^BenchmarkFold$", 3, []string{"-cpu", "1", "-benchtime", "1000000x"}}, foldRows},
		{goBench{"services/aggregator", "./internal/incident", "^BenchmarkVerdicts$", 3, []string{"-tags", "integration", "-benchtime", "10000x"}}, verdictRows},
		{goBench{"pkg", "./tsdb", "^BenchmarkWrite$", 3, []string{"-tags", "integration", "-benchtime", "200000x"}}, tickRows},
		{goBench{"services/worker", "./internal/probe/httpprobe", "^Benchmark(Bare|Probe)$/^http$", 5, []string{"-benchtime", "2000x"}}, probeRows},
	} {
		got, err := run.bench.run(ctx, b.cfg.Root, environ)
		if err != nil {
			return err
		}
		out.Rows = append(out.Rows, run.rows(got)...)
	}
	return nil
}

// results are the figures of benchmarks: by the benchmark's name and the unit, one for
// each count.
type results map[string]map[string][]float64

func (g goBench) run(ctx context.Context, root string, environ []string) (results, error) {
	args := append([]string{"test", "-run", "^$", "-bench", g.pattern, "-count", strconv.Itoa(g.count)}, g.args...)
	cmd := exec.CommandContext(ctx, "go", append(args, g.pkg)...)
	cmd.Dir, cmd.Env = filepath.Join(root, g.module), environ
	text, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go %s in %s: %w\n%s", strings.Join(cmd.Args[1:], " "), g.module, err, text)
	}
	return parseBench(string(text)), nil
}

// processors is what go test appends to a benchmark's name.
var processors = regexp.MustCompile(`-\d+$`)

func parseBench(text string) results {
	all := results{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		for i := 2; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				continue
			}
			if all[name] == nil {
				all[name] = map[string][]float64{}
			}
			all[name][fields[i+1]] = append(all[name][fields[i+1]], v)
		}
	}
	return all
}

// perSecond turns nanoseconds an operation into operations a second.
func perSecond(ns []float64) []float64 {
	out := make([]float64, len(ns))
	for i, v := range ns {
		out[i] = 1e9 / v
	}
	return out
}

func foldRows(r results) []report.Row {
	alone := r["Fold"]["ns/op"]
	both := make([]float64, len(alone))
	for i, snapshot := range r["Fold"]["snapshot_ns"] {
		both[i] = alone[i] + snapshot
	}
	rate, safe := perSecond(alone), perSecond(both)
	return []report.Row{
		report.Plain("results folded when nothing changes, one core", report.Median(rate), "/s").Of(rate),
		report.AtLeast("the same with a snapshot of every result's monitor for the checkpoint", report.Median(safe), 500_000, "/s").Of(safe).
			Note("the rule where a monitor is seen less often than every 2 s"),
	}
}

func verdictRows(r results) []report.Row {
	untold, told := perSecond(r["Verdicts/untold"]["ns/op"]), perSecond(r["Verdicts/told"]["ns/op"])
	return []report.Row{
		report.AtLeast("changes of verdict written, with span and incident", report.Median(untold), 5000, "/s").Of(untold),
		report.Plain("the same with an alert each, for one channel", report.Median(told), "/s").Of(told),
	}
}

func tickRows(r results) []report.Row {
	rate := perSecond(r["Write"]["ns/op"])
	return []report.Row{
		report.Plain("ticks written to InfluxDB, batches of 5,000, one writer", report.Median(rate), "/s").Of(rate),
	}
}

// probeRows take the lowest of all counts: what the machine did besides only adds.
func probeRows(r results) []report.Row {
	lowest := func(name string) (us float64) {
		for unit, v := range r[name] {
			if strings.HasPrefix(unit, "cpu-") {
				us = report.Quantile(v, 0)
			}
		}
		return us
	}
	bare, probe := lowest("Bare/http"), lowest("Probe/http")
	return []report.Row{
		report.Plain("CPU of a bare GET on a new connection, its phases traced", bare, "µs").Note("website included, lowest of %d", len(r["Bare/http"]["ns/op"])),
		report.Plain("CPU of a probe", probe, "µs").Note("likewise"),
		report.AtMost("probe over bare GET", probe/bare, 1.3, "×"),
	}
}
