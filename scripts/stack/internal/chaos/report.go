package chaos

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Row is a scenario and what came of it.
type Row struct {
	Name, Fault, Promise string
	Figures
	Skipped string // why it was not played
}

// NewRow is the row of a scenario that was played, or could not be: then err says why.
func NewRow(s *Scenario, f *Figures, hold time.Duration, err error) Row {
	fault := strings.Replace(s.Fault, "%s", plain(hold), 1)
	if err != nil {
		f.Recovered = true // it is not the time that is wrong
		f.Checks = append(f.Checks, Check{What: "played", Got: err.Error()})
	}
	return Row{Name: s.Name, Fault: fault, Promise: s.Promise, Figures: *f}
}

// Broken lists the promises that were not kept; what was not played broke none.
func (r *Row) Broken() []string {
	if r.Skipped != "" {
		return nil
	}
	return r.Figures.Broken()
}

// Line is the row for a terminal.
func (r *Row) Line() string {
	if r.Skipped != "" {
		return fmt.Sprintf("skip  %s: %s", r.Name, r.Skipped)
	}
	verdict := "kept"
	broken := r.Broken()
	if broken != nil {
		verdict = "BROKEN"
	}
	line := fmt.Sprintf("%-6s %s (%s): %s; holes %d, counted %d, lost %d; incidents %d of %d, twice %d, false %d; alerts %d, lost %d, twice %d, again %d; recovered after %.1f s",
		verdict, r.Name, r.Fault, r.slots(), r.Holes, r.counted(), r.Beyond, r.Outages-r.Unseen, r.Outages, r.Duplicates, r.False,
		r.Alerts, r.Lost, r.Twice, r.Again, r.Recovery.Seconds())
	for _, c := range r.Checks {
		if c.OK {
			line += "\n         " + c.What + " " + c.Got
		}
	}
	for _, b := range broken {
		line += "\n       ! " + b
	}
	return line
}

// slots is the ledger's identity in figures.
func (r *Row) slots() string {
	return fmt.Sprintf("%d = %d + %d + %d + %d", r.Scheduled+r.Missed-r.Waiting, r.Done, r.Expired, r.Invalid+r.Dropped, r.Missed)
}

// Table is the rows for a page.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("|Fault|Promise|Slots = done + expired + invalid + missed|Ledger off by|Holes / counted|Ticks lost|Incidents: of outages / twice / false|" +
		"Alerts: due / lost / two keys / sent again|Recovered after|Kept|\n|-|-|-|-|-|-|-|-|-|-|\n")
	for i := range rows {
		b.WriteString(rows[i].cells())
	}
	return b.String()
}

// cells is the row's line of a table.
func (r *Row) cells() string {
	if r.Skipped != "" {
		return fmt.Sprintf("%s|%s|–|–|–|–|–|–|–|not played: %s|\n", r.head(), r.Promise, r.Skipped)
	}
	kept := "yes"
	var also []string
	for _, c := range r.Checks {
		if c.OK {
			also = append(also, c.What+" "+c.Got)
		}
	}
	if len(also) > 0 {
		kept += "; " + strings.Join(also, "; ")
	}
	if broken := r.Broken(); broken != nil {
		kept = "**no**: " + strings.Join(broken, "; ")
	}
	return fmt.Sprintf("%s: %s|%s|%s|%d|%d / %d|%d|%d of %d / %d / %d|%d / %d / %d / %d|%.1f s|%s|\n",
		r.head(), r.Fault, r.Promise, r.slots(), r.Balance, r.Holes, r.counted(), r.Beyond,
		r.Outages-r.Unseen, r.Outages, r.Duplicates, r.False, r.Alerts, r.Lost, r.Twice, r.Again, r.Recovery.Seconds(), kept)
}

// head is what a row begins with, by which it is found again.
func (r *Row) head() string { return "|**" + r.Name + "**" }

// plain writes a duration as people say it.
func plain(d time.Duration) string {
	if d >= 2*time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

// The page's figures are between these.
const (
	begin = "<!-- figures: made by `make chaos` -->\n"
	end   = "<!-- /figures -->\n"
)

// Insert replaces the figures of a page.
func Insert(path, figures string) error {
	return edit(path, func(string) string { return "\n" + figures + "\n" })
}

// Merge replaces the rows of a page that are named like the given ones, and adds what it
// does not have.
func Merge(path string, rows []Row) error {
	return edit(path, func(old string) string {
		lines := strings.SplitAfter(strings.TrimRight(old, "\n")+"\n", "\n")
		for i := range rows {
			at := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, rows[i].head()) })
			if at < 0 {
				at = len(lines) - 1 // an empty one is the last
				lines = slices.Insert(lines, at, "")
			}
			lines[at] = rows[i].cells()
		}
		return strings.Join(lines, "") + "\n"
	})
}

func edit(path string, change func(figures string) string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(old), begin)
	figures, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return errors.New(path + " has no place for the figures")
	}
	return os.WriteFile(path, []byte(head+begin+change(figures)+end+tail), 0o644)
}
