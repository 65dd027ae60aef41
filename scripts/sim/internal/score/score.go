// Package score owns what is made of a simulation: which alarms were false, which
// outages were found, and when, against the truth and against the bound.
package score

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

// examples is how many false alarms and misses a shard keeps for people to look at.
const examples = 5

// Tally counts what one rule did. Tallies of parts add up.
type Tally struct {
	Opened int // incidents
	Alerts int // those of them that somebody was told of
	False  int // incidents without an outage

	Demanded int // outages that had to be found
	Missed   int // of these, never found
	Late     int // of these, found later than the bound
	Detect   []time.Duration
}

// Lengths are the upper ends of the classes by which outages of all lengths are shown.
var Lengths = [...]time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, time.Hour, 1 << 62}

// Class counts outages of similar length, and how our rule found them.
type Class struct {
	Outages, Found int
	Detect         []time.Duration
}

// Example is an incident, or the lack of one, to be looked at.
type Example struct {
	Monitor int
	At      uptime.Instant
	Text    string
}

// Book is what a shard, or all of them, came to.
type Book struct {
	Years   map[int]float64            // monitor-years by number of regions
	Rules   map[int][rules.Count]Tally // by number of regions
	Classes [len(Lengths)]Class
	Hidden  int                   // outages in which too few regions saw anything for long enough
	Bound   map[int]time.Duration // the largest D_max while all regions are well, by number of regions
	Checks  int64                 // scheduled ones that the time held
	Folded  int64                 // results that were folded
	Rounds  int64                 // of our rule
	Refused uint64                // by the budget of urgent checks
	Changes []Change              // of the regions' health
	Stuck   []string              // regions that are held to be sick at the end, though well for long
	False   []Example
	Missed  []Example
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{Years: map[int]float64{}, Rules: map[int][rules.Count]Tally{}, Bound: map[int]time.Duration{}}
}

// Add adds another book.
func (b *Book) Add(o *Book) {
	for n, years := range o.Years {
		b.Years[n] += years
	}
	for n, tallies := range o.Rules {
		sum := b.Rules[n]
		for r := range tallies {
			sum[r].add(&tallies[r])
		}
		b.Rules[n] = sum
	}
	for i := range o.Classes {
		b.Classes[i].Outages += o.Classes[i].Outages
		b.Classes[i].Found += o.Classes[i].Found
		b.Classes[i].Detect = append(b.Classes[i].Detect, o.Classes[i].Detect...)
	}
	for n, d := range o.Bound {
		b.Bound[n] = max(b.Bound[n], d)
	}
	b.Hidden += o.Hidden
	b.Checks, b.Folded, b.Rounds, b.Refused = b.Checks+o.Checks, b.Folded+o.Folded, b.Rounds+o.Rounds, b.Refused+o.Refused
	b.Changes = append(b.Changes, o.Changes...)
	b.Stuck = append(b.Stuck, o.Stuck...)
	b.False = append(b.False, o.False...)
	b.Missed = append(b.Missed, o.Missed...)
}

func (t *Tally) add(o *Tally) {
	t.Opened, t.Alerts, t.False = t.Opened+o.Opened, t.Alerts+o.Alerts, t.False+o.False
	t.Demanded, t.Missed, t.Late = t.Demanded+o.Demanded, t.Missed+o.Missed, t.Late+o.Late
	t.Detect = append(t.Detect, o.Detect...)
}

// Total returns a rule's tally over all monitors, and their years.
func (b *Book) Total(r rules.Rule) (t Tally, years float64) {
	for n := range 64 { // in order, so that sums of floats come out alike
		if tallies, ok := b.Rules[n]; ok {
			t.add(&tallies[r])
		}
		years += b.Years[n]
	}
	return t, years
}

// Watch is what the rules said of one monitor.
type Watch struct {
	Monitor int
	Regions int

	outages []world.Episode
	reach   time.Duration // an incident may open so long after what it is about
	open    [rules.Count]uptime.Instant
	found   [rules.Count][]uptime.Instant // by outage; zero: not
	tally   [rules.Count]Tally
}

// NewWatch begins to watch a monitor. An outage and an incident belong together if
// the outage was under way within two intervals and two timeouts before the incident.
func NewWatch(monitor, regions int, outages []world.Episode, interval, timeout time.Duration) Watch {
	w := Watch{Monitor: monitor, Regions: regions, outages: outages, reach: 2*interval + 2*timeout}
	for r := range w.found {
		w.found[r] = make([]uptime.Instant, len(outages))
	}
	return w
}

// Opened takes an incident of a rule. It tells whether it is a false alarm.
func (w *Watch) Opened(r rules.Rule, at uptime.Instant, told bool) (falsely bool) {
	t := &w.tally[r]
	t.Opened++
	if told {
		t.Alerts++
	}
	w.open[r] = at
	i := w.before(at)
	if i < 0 || w.outages[i].End < at.Add(-w.reach) {
		t.False++
		return true
	}
	if w.found[r][i] == 0 {
		w.found[r][i] = at
	}
	return false
}

// Closed takes the end of a rule's incident: outages that began meanwhile are found.
func (w *Watch) Closed(r rules.Rule, at uptime.Instant) {
	for i := w.before(at); i >= 0 && w.outages[i].Start >= w.open[r]; i-- {
		if w.found[r][i] == 0 {
			w.found[r][i] = w.outages[i].Start
		}
	}
	w.open[r] = 0
}

// before returns the last outage that began at or before an instant, or -1.
func (w *Watch) before(at uptime.Instant) int {
	low, high := 0, len(w.outages)
	for low < high {
		if mid := (low + high) / 2; w.outages[mid].Start <= at {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low - 1
}

// Finish ends the watch and puts it into a book.
func (w *Watch) Finish(b *Book, demands []Demand, end uptime.Instant) {
	for r := range rules.Count {
		if w.open[r] != 0 {
			w.Closed(r, end)
		}
		for i, d := range demands {
			w.judge(b, r, i, d)
		}
	}
	for i := range w.outages {
		w.class(b, i)
		if demands[i].Hidden {
			b.Hidden++
		}
	}
	tallies := b.Rules[w.Regions]
	for r := range tallies {
		tallies[r].add(&w.tally[r])
	}
	b.Rules[w.Regions] = tallies
	b.Years[w.Regions] += end.Sub(world.Epoch).Hours() / world.Year.Hours()
}

// judge compares what a rule found with what is demanded.
func (w *Watch) judge(b *Book, r rules.Rule, i int, d Demand) {
	o, at, t := &w.outages[i], w.found[r][i], &w.tally[r]
	if d.Bound == 0 {
		return
	}
	t.Demanded++
	text := ""
	switch {
	case at == 0:
		t.Missed++
		text = "never found"
	case !d.Met(at):
		t.Late++
		text = "found " + at.Sub(d.From).String() + " after it could be seen"
	}
	if at > o.Start {
		t.Detect = append(t.Detect, max(0, at.Sub(d.From)))
	}
	if r != rules.Ours {
		return
	}
	if text != "" && len(b.Missed) < examples {
		b.Missed = append(b.Missed, Example{w.Monitor, o.Start, text + ", D_max " + d.Bound.String() + ", length " + o.End.Sub(o.Start).String()})
	}
}

// class puts an outage into its class.
func (w *Watch) class(b *Book, i int) {
	o, at := &w.outages[i], w.found[rules.Ours][i]
	k := 0
	for o.End.Sub(o.Start) >= Lengths[k] {
		k++
	}
	c := &b.Classes[k]
	c.Outages++
	if at == 0 {
		return
	}
	c.Found++
	if at > o.Start {
		c.Detect = append(c.Detect, at.Sub(o.Start))
	}
}

// Falsely keeps a false alarm of ours to be looked at.
func (b *Book) Falsely(e Example) {
	if len(b.False) < examples {
		b.False = append(b.False, e)
	}
}
