// Package report owns how figures of the simulation are shown: as Markdown, on the
// terminal and in docs/simulation.md.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/scenario"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
)

// Section writes what came out of one scenario.
func Section(w io.Writer, s *scenario.Scenario, b *score.Book) {
	ours, years := b.Total(rules.Ours)
	fmt.Fprintf(w, "### %s\n\n%s\n\n", s.Name, s.About)
	fmt.Fprintf(w, "%s monitors × %s = %s monitor-years, %s checks; %s rounds of confirmation",
		count(s.Monitors), days(s.Span), figure(years), count(b.Checks), count(b.Rounds))
	if b.Refused > 0 {
		fmt.Fprintf(w, ", %s refused by the budget", count(b.Refused))
	}
	if sick := quarantines(b); sick > 0 {
		fmt.Fprintf(w, "; regions found sick: %s", count(sick))
	}
	if b.Hidden > 0 {
		fmt.Fprintf(w, "; outages while too few regions could see: %s", count(b.Hidden))
	}
	if len(b.Bound) == 1 {
		for _, d := range b.Bound {
			fmt.Fprintf(w, "; D_max %s with all regions well", seconds(d))
		}
	}
	fmt.Fprintf(w, ". %s\n\n", promise(s, b, ours))
	table(w, b)
	if len(b.Rules) > 1 {
		byRegions(w, b)
	}
	classes(w, b)
}

// table compares the rules.
func table(w io.Writer, b *score.Book) {
	fmt.Fprintln(w, "|Rule|Incidents|False alarms|per monitor-year|Outages > D_max|missed|late|found after p50|p99|max|")
	fmt.Fprintln(w, "|-|-|-|-|-|-|-|-|-|-|")
	for r := range rules.Count {
		t, years := b.Total(r)
		row(w, rules.Names[r], &t, years)
	}
	fmt.Fprintln(w)
}

func row(w io.Writer, name string, t *score.Tally, years float64) {
	p := quantiles(t.Detect)
	fmt.Fprintf(w, "|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|\n", name, count(t.Opened), count(t.False), figure(float64(t.False)/years),
		count(t.Demanded), count(t.Missed), count(t.Late), p[0], p[1], p[2])
}

// byRegions shows our rule by the number of regions that look.
func byRegions(w io.Writer, b *score.Book) {
	fmt.Fprintln(w, "|probefleet with|Incidents|False alarms|per monitor-year|Outages > D_max|missed|late|found after p50|p99|max|D_max|")
	fmt.Fprintln(w, "|-|-|-|-|-|-|-|-|-|-|-|")
	var sizes []int
	for n := range b.Rules {
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	for _, n := range sizes {
		t := b.Rules[n][rules.Ours]
		name := fmt.Sprintf("%d regions", n)
		if n == 1 {
			name = "1 region"
		}
		var line strings.Builder
		row(&line, name, &t, b.Years[n])
		fmt.Fprintf(w, "%s%s|\n", strings.TrimSuffix(line.String(), "\n"), seconds(b.Bound[n]))
	}
	fmt.Fprintln(w)
}

// classes shows how outages of all lengths are found.
func classes(w io.Writer, b *score.Book) {
	fmt.Fprintln(w, "|Length of outage|Outages|found|found after p50|p99|max|")
	fmt.Fprintln(w, "|-|-|-|-|-|-|")
	for i, c := range b.Classes {
		if c.Outages == 0 {
			continue
		}
		name := "1 h and more"
		switch {
		case i == 0:
			name = "below " + short(score.Lengths[0])
		case i < len(score.Lengths)-1:
			name = short(score.Lengths[i-1]) + " to " + short(score.Lengths[i])
		}
		p := quantiles(c.Detect)
		fmt.Fprintf(w, "|%s|%s|%.1f %%|%s|%s|%s|\n", name, count(c.Outages), 100*float64(c.Found)/float64(c.Outages), p[0], p[1], p[2])
	}
	fmt.Fprintln(w)
}

// promise says what is promised and whether it was kept.
func promise(s *scenario.Scenario, b *score.Book, ours score.Tally) string {
	var parts []string
	if s.False >= 0 {
		parts = append(parts, fmt.Sprintf("at most %d false", s.False))
	}
	if s.Found {
		parts = append(parts, "every outage longer than D_max found within it")
	}
	if len(parts) == 0 {
		return "Nothing is promised."
	}
	verdict := "kept"
	if broken := s.Broken(b); broken != "" {
		verdict = "**broken**: " + broken
	}
	if ours.Alerts != ours.Opened {
		verdict += fmt.Sprintf("; %s of %s incidents alerted somebody at once, the others were damped as flapping", count(ours.Alerts), count(ours.Opened))
	}
	return "Promise: " + strings.Join(parts, ", ") + " — " + verdict + "."
}

func quarantines(b *score.Book) (n int) {
	for _, c := range b.Changes {
		if !c.Healthy {
			n++
		}
	}
	return n
}

// quantiles returns p50, p99 and the largest, for people.
func quantiles(all []time.Duration) (p [3]string) {
	if len(all) == 0 {
		return [3]string{"–", "–", "–"}
	}
	slices.Sort(all)
	for i, q := range [...]float64{0.5, 0.99, 1} {
		p[i] = seconds(all[min(int(q*float64(len(all))), len(all)-1)])
	}
	return p
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func short(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}

func days(d time.Duration) string { return fmt.Sprintf("%g days", d.Hours()/24) }

// figure shows a number to three places.
func figure(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f >= 1000:
		return count(int64(f + 0.5))
	}
	return fmt.Sprintf("%.3g", f)
}

// count shows a whole number with its thousands apart.
func count[N int | int64 | uint64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
