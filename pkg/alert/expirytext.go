package alert

import (
	"math"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/expiry"
)

const day = 24 * time.Hour

// DaysLeft returns the days from now to the end, to the hundredth; negative once it is over.
func (e *Expiry) DaysLeft(now time.Time) float64 {
	return math.Round(100*e.EndsAt.Sub(now).Hours()/24) / 100
}

// expiring returns the words of a warning's headline: what ends, and in what time.
func (n *News) expiring() (word, rest string) {
	if n.Expiry == nil {
		return "EXPIRY", ""
	}
	return strings.ToUpper(n.Expiry.Subject), dash + n.Expiry.ends(n.Now)
}

func (e *Expiry) ends(now time.Time) string {
	left := e.EndsAt.Sub(now)
	switch {
	case left <= 0:
		return "has ended"
	case left < day-time.Hour:
		return "ends in " + Duration(left)
	}
	return "ends in " + plural(int(left.Round(day)/day), "day")
}

// expiryFacts are the labelled lines of a warning.
func (n *News) expiryFacts() []Fact {
	e := n.Expiry
	if e == nil {
		return nil
	}
	left := Duration(e.EndsAt.Sub(n.Now))
	what := "Renew the certificate, and have every server show the new one"
	if e.Subject == string(expiry.Domain) {
		what = "Renew the registration at the registrar"
	}
	return []Fact{{"Ends", Instant(e.EndsAt)}, {"Time left", left}, {"To do", what}}
}
