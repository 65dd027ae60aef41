package statuspage

import (
	"fmt"
	"math"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// arc is one region's part of a ring.
type arc struct{ Class, Path, Title string }

// ringOf draws one arc for each region, from the top clockwise, and says the same in
// words.
func ringOf(votes []api.SummaryVote) ([]arc, string) {
	const radius, gap = 11.0, 0.16 // of the ring, and in radians between two arcs
	n, passing := len(votes), 0
	arcs := make([]arc, n)
	var failing, silent []string
	for i, v := range votes {
		class, word := "unknown", "not known"
		switch {
		case !v.Fresh:
			silent = append(silent, v.Region)
		case v.Vote == uptime.OutcomePass:
			class, word = "up", "up"
			passing++
		case v.Vote == uptime.OutcomeDegraded:
			class, word = "degraded", "degraded"
		case v.Vote == uptime.OutcomeFail:
			class, word = "down", "down"
			failing = append(failing, v.Region)
		default:
			silent = append(silent, v.Region)
		}
		arcs[i] = arc{Class: class, Path: arcPath(radius, gap, i, n), Title: "Seen from " + v.Region + ": " + word}
	}
	if n == 0 {
		return nil, ""
	}
	text := fmt.Sprintf("Up seen from %d of %d regions", passing, n)
	if len(failing) > 0 {
		text += "; down seen from " + strings.Join(failing, ", ")
	}
	if len(silent) > 0 {
		text += "; not known from " + strings.Join(silent, ", ")
	}
	return arcs, text
}

func arcPath(radius, gap float64, i, n int) string {
	const center = 14.0
	if n == 1 {
		gap = 0.02 // an arc cannot end where it begins
	}
	from := 2*math.Pi*float64(i)/float64(n) + gap/2
	to := 2*math.Pi*float64(i+1)/float64(n) - gap/2
	large := 0
	if to-from > math.Pi {
		large = 1
	}
	at := func(angle float64) string {
		return fmt.Sprintf("%.2f %.2f", center+radius*math.Sin(angle), center-radius*math.Cos(angle))
	}
	return fmt.Sprintf("M%s A%g %g 0 %d 1 %s", at(from), radius, radius, large, at(to))
}

// bar is a day. The worse it was the lower it is, so that its colour is not all that
// tells.
type bar struct {
	X, Y, Height int
	Class, Title string
}

const (
	barStep   = 10
	barHeight = 34
	majorDay  = 95 // below this share of a day, in percent, it was down rather than disturbed
)

func barsOf(days []api.PublicDay) []bar {
	out := make([]bar, len(days))
	for i := range days {
		d := &days[i]
		class, height := "unknown", barHeight
		p, err := d.UptimePercent.Get()
		switch {
		case err != nil:
		case d.DownSeconds == 0:
			class = "up"
		case p >= majorDay:
			class, height = "degraded", barHeight*3/4
		default:
			class, height = "down", barHeight/2
		}
		out[i] = bar{X: i * barStep, Y: barHeight - height, Height: height, Class: class, Title: dayText(d)}
	}
	return out
}

func dayText(d *api.PublicDay) string {
	day := d.Day.Format("2 January 2006")
	p, err := d.UptimePercent.Get()
	if err != nil {
		return day + ": not known"
	}
	text := fmt.Sprintf("%s: %s %% up", day, number(p))
	if d.DownSeconds > 0 {
		text += ", down for " + span(secondsOf(d.DownSeconds))
	}
	if d.CoveragePercent < 99.95 {
		text += fmt.Sprintf(", known for %s %% of the day", number(d.CoveragePercent))
	}
	return text
}
