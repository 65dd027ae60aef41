// Package scenario owns the worlds that are simulated, each with what it promises.
package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

const day = 24 * time.Hour

// Scenario is a world and what our policy promises in it.
type Scenario struct {
	world.Config
	// False is how many false alarms are promised at most; below zero the figure is
	// reported and nothing promised.
	False int
	// Found promises that every outage longer than D_max is found, and within it.
	Found bool
}

// regions are six places: three with networks of their own, and three workers on one
// box, which share its network.
func regions() []world.Region {
	return []world.Region{
		{Name: "ap-south"}, {Name: "box-1", Site: "box"}, {Name: "box-2", Site: "box"}, {Name: "box-3", Site: "box"},
		{Name: "eu-west"}, {Name: "us-east"},
	}
}

// mixed are monitors seen from three places, from the box alone, and from both.
var mixed = [][]int{{0, 4, 5}, {1, 2, 3}, {1, 2, 4}, {1, 4, 5}}

// base is what scenarios have in common: 10,000 monitors every minute, 1 % loss per
// attempt, a few real outages.
func base(name, about string, span time.Duration) world.Config {
	return world.Config{
		Name: name, About: about, Span: span, Monitors: 10_000, Shard: 10_000,
		Intervals: []time.Duration{time.Minute}, Timeout: 10 * time.Second, Regions: regions(), Sets: mixed,
		Loss:   world.Loss{Attempt: 0.01},
		Outage: world.Outages{PerYear: 4, Min: time.Second, Max: day},
	}
}

// All returns the scenarios in the order in which they are shown.
func All() []Scenario {
	return []Scenario{
		year(), million(), silent(), bursts(), uplink(), cuts(), sick(), site(), flapping(),
	}
}

// Short returns what a test has time for: the scenarios with less of everything, and
// with more going wrong.
func Short() []Scenario {
	var some []Scenario
	for _, s := range All() {
		s.Monitors, s.Shard, s.Span = min(s.Monitors, 1500), 500, min(s.Span, 20*day)
		switch s.Name {
		case "year":
			s.Sick.Every, s.Sites.Every, s.Outage.PerYear = 3*day, 2*day, 20
		case "million":
			s.Monitors, s.Shard, s.Outage.PerYear = 10_000, 5000, 100
		case "silent":
			s.Span, s.Outage.PerYear = 2*day, 50
		case "site":
			continue // every region of a fleet falls sick: it is about the figures alone
		}
		some = append(some, s)
	}
	return some
}

func year() Scenario {
	c := base("year", "One year of 10,000 monitors every minute: 1 % loss per attempt, a sick region a week, "+
		"a box with three regions that loses its own network every month.", 365*day)
	c.Sick = world.Sickness{Every: 7 * day, Min: 10 * time.Minute, Max: 6 * time.Hour, Least: 0.1}
	c.Sites = world.SiteLoss{Site: "box", Every: 30 * day, Min: time.Minute, Max: 2 * time.Hour, Loss: 1}
	return Scenario{Config: c, False: 1, Found: true}
}

func million() Scenario {
	c := base("million", "A million monitors from 1, 2, 3, 5 and 10 regions every 1 to 5 minutes: 1 % loss per attempt.", 2*day)
	c.Monitors = 1_000_000
	c.Intervals = []time.Duration{time.Minute, time.Minute, 3 * time.Minute, 5 * time.Minute}
	c.Regions = []world.Region{
		{Name: "af-south"}, {Name: "ap-east"}, {Name: "ap-south"}, {Name: "ca-central"}, {Name: "eu-north"},
		{Name: "eu-west"}, {Name: "me-south"}, {Name: "sa-east"}, {Name: "us-east"}, {Name: "us-west"},
	}
	c.Sets = [][]int{{5}, {5, 8}, {2, 5, 8}, {2, 5, 8}, {1, 2, 5, 7, 8}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}
	c.Outage = world.Outages{PerYear: 12, Min: time.Second, Max: 6 * time.Hour}
	return Scenario{Config: c, False: 1, Found: true}
}

func silent() Scenario {
	c := base("silent", "1 % of the attempts end in silence: they take the whole timeout, so that no retry follows.", 30*day)
	c.Loss.Silent = 1
	return Scenario{Config: c, False: -1, Found: true}
}

func bursts() Scenario {
	c := base("bursts", "Bursty loss (Gilbert and Elliott) on each path of its own: bad times of 30 s on average every "+
		"6 hours, in which half of the attempts fail, a third of those in silence.", 60*day)
	c.Paths = world.Bursts{Every: 6 * time.Hour, Mean: 30 * time.Second, Loss: world.Loss{Attempt: 0.5, Silent: 1.0 / 3}}
	return Scenario{Config: c, False: -1, Found: true}
}

func uplink() Scenario {
	c := base("uplink", "Bursty loss in front of the target, seen from everywhere: bad times of 2 minutes on average "+
		"every week, in which half of the attempts fail, a third of those in silence. The target is neither up nor down: "+
		"its incidents are counted as false, and need not be.", 60*day)
	c.Uplink = world.Bursts{Every: 7 * day, Mean: 2 * time.Minute, Loss: world.Loss{Attempt: 0.5, Silent: 1.0 / 3}}
	return Scenario{Config: c, False: -1, Found: true}
}

func cuts() Scenario {
	c := base("cuts", "Routes that break: now and then one region does not reach one target for a minute to a day, "+
		"on each path every 60 days. A target that most of its regions do not reach is down by the policy; it is counted as "+
		"false here.", 60*day)
	c.Cuts = world.Cuts{Every: 60 * day, Min: time.Minute, Max: day}
	return Scenario{Config: c, False: -1, Found: true}
}

func sick() Scenario {
	c := base("sick", "A sick region a day that fails 10 % to all of its checks, or of its targets, while its canary "+
		"passes: before the fleet notices, while it does, and after.", 30*day)
	c.Monitors = 5000
	c.Sick = world.Sickness{Every: day, Min: 2 * time.Minute, Max: 3 * time.Hour, Least: 0.1}
	return Scenario{Config: c, False: -1, Found: true}
}

func site() Scenario {
	c := base("site", "Correlated loss: every 3 days the network of the box with three regions loses 60 % of all attempts "+
		"for a minute to half an hour, canaries included.", 30*day)
	c.Sets = mixed[1:2]
	c.Sites = world.SiteLoss{Site: "box", Every: 3 * day, Min: time.Minute, Max: 30 * time.Minute, Loss: 0.6}
	return Scenario{Config: c, False: -1, Found: true}
}

func flapping() Scenario {
	c := base("flapping", "Targets that go down and up again every 20 s to 3 minutes, for an hour once a month.", 30*day)
	c.Monitors = 5000
	c.Outage = world.Outages{}
	c.Flaps = world.Flapping{PerYear: 12, Session: time.Hour, Min: 20 * time.Second, Max: 3 * time.Minute}
	return Scenario{Config: c, False: 0, Found: true}
}

// Broken says which promises were not kept, or nothing.
func (s *Scenario) Broken(b *score.Book) string {
	var broken []string
	ours, _ := b.Total(rules.Ours)
	if s.False >= 0 && ours.False > s.False {
		broken = append(broken, fmt.Sprintf("%d false alarms", ours.False))
	}
	if s.Found && ours.Missed > 0 {
		broken = append(broken, fmt.Sprintf("%d outages missed", ours.Missed))
	}
	if s.Found && ours.Late > 0 {
		broken = append(broken, fmt.Sprintf("%d found late", ours.Late))
	}
	if len(b.Stuck) > 0 {
		broken = append(broken, "for ever without a vote: "+strings.Join(b.Stuck, ", "))
	}
	return strings.Join(broken, ", ")
}
