// Package report keeps what a bench measured: rows of figures beside their targets,
// where the cost lies, and the noise of the machine; in files, one for each part, in
// lines for a terminal, and as the generated half of a page.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Row is one figure.
type Row struct {
	Figure string    `json:"figure"`
	Value  float64   `json:"value"`
	Unit   string    `json:"unit,omitempty"`
	Runs   []float64 `json:"runs,omitempty"`   // those of which Value is the median
	Most   *float64  `json:"most,omitempty"`   // the target: at most, or
	Least  *float64  `json:"least,omitempty"`  // at least
	Remark string    `json:"remark,omitempty"` // what one must know to read it
}

// Share is what one process took of a load.
type Share struct {
	Process string  `json:"process"`
	Micros  float64 `json:"micros"` // of CPU a check
	MiB     float64 `json:"mib"`    // PSS at the end
}

// Part is what one part of the bench found.
type Part struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Form    string  `json:"form"`
	Machine string  `json:"machine"`
	Load    float64 `json:"load"`   // average before it began
	Others  float64 `json:"others"` // share of the machine's CPU that others took meanwhile; below 0: not measured
	Rows    []Row   `json:"rows"`
	Shares  []Share `json:"shares,omitempty"`
}

// AtMost makes a row with an upper target.
func AtMost(figure string, value, most float64, unit string) Row {
	return Row{Figure: figure, Value: value, Most: &most, Unit: unit}
}

// AtLeast makes a row with a lower target.
func AtLeast(figure string, value, least float64, unit string) Row {
	return Row{Figure: figure, Value: value, Least: &least, Unit: unit}
}

// Plain makes a row without a target.
func Plain(figure string, value float64, unit string) Row {
	return Row{Figure: figure, Value: value, Unit: unit}
}

// Of sets the runs that the row's figure is the median of.
func (r Row) Of(runs []float64) Row {
	r.Runs = runs
	return r
}

// Note adds a remark.
func (r Row) Note(format string, args ...any) Row {
	r.Remark = fmt.Sprintf(format, args...)
	return r
}

// Reached tells whether the figure is on the right side of its target; one without a
// target is.
func (r Row) Reached() bool {
	return (r.Most == nil || r.Value <= *r.Most) && (r.Least == nil || r.Value >= *r.Least)
}

// Median returns the middle of the values, the mean of two middles, zero of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// Quantile returns the value that a share q of the values does not exceed.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return v[min(max(int(math.Ceil(q*float64(len(v))))-1, 0), len(v)-1)]
}

// number writes a figure with three significant digits, and whole above a hundred.
func number(v float64) string {
	switch a := math.Abs(v); {
	case v == math.Trunc(v) && a < 1e15, a >= 100:
		return thousands(fmt.Sprintf("%.0f", v))
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 0.1:
		return fmt.Sprintf("%.*f", 2+map[bool]int{true: 1}[a < 1], v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}

func thousands(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// cells are the row as a table shows it: figure, value, target, ratio.
func (r Row) cells() [4]string {
	unit := ""
	if r.Unit != "" {
		unit = " " + r.Unit
	}
	value := number(r.Value) + unit
	if len(r.Runs) > 1 {
		value += fmt.Sprintf(" (%s–%s)", number(slices.Min(r.Runs)), number(slices.Max(r.Runs)))
	}
	target, ratio := "–", "–"
	compare := func(sign string, t float64) {
		target = sign + " " + number(t) + unit
		if t != 0 {
			ratio = fmt.Sprintf("%.2f ×", r.Value/t)
		} else {
			ratio = map[bool]string{true: "0", false: "above"}[r.Value == 0]
		}
		if !r.Reached() {
			ratio = "**" + ratio + "**"
		}
	}
	if r.Most != nil {
		compare("≤", *r.Most)
	}
	if r.Least != nil {
		compare("≥", *r.Least)
	}
	figure := r.Figure
	if r.Remark != "" {
		figure += " (" + r.Remark + ")"
	}
	return [4]string{figure, value, target, ratio}
}

// noise says how quiet the machine was.
func (p *Part) noise() string {
	text := fmt.Sprintf("load average before: %.2f", p.Load)
	if p.Others >= 0 {
		text += fmt.Sprintf("; others took %.0f %% of the CPU meanwhile", 100*p.Others)
	}
	return text
}

// Print writes the part for a terminal.
func (p *Part) Print(w io.Writer) {
	fmt.Fprintf(w, "\n%s [%s]\n  %s\n", p.Title, p.Name, p.noise())
	for _, r := range p.Rows {
		c := r.cells()
		mark := " "
		if !r.Reached() {
			mark = "!"
		}
		fmt.Fprintf(w, "%s %-72s %28s", mark, c[0], c[1])
		if c[2] != "–" {
			fmt.Fprintf(w, "   %-18s %s", c[2], strings.Trim(c[3], "*"))
		}
		fmt.Fprintln(w)
	}
	for _, s := range p.Shares {
		fmt.Fprintf(w, "    %-24s %7.1f µs a check %9.1f MiB\n", s.Process, s.Micros, s.MiB)
	}
}

// Save keeps the part in a directory, in place of an earlier one of its name.
func (p *Part) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, p.Name+".json"), append(b, '\n'), 0o644)
}

// Load reads the parts of those names that a directory holds, in their order.
func Load(dir string, names []string) ([]*Part, error) {
	var parts []*Part
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p := &Part{}
		if err := json.Unmarshal(b, p); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		parts = append(parts, p)
	}
	return parts, nil
}
