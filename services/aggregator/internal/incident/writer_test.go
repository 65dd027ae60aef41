package incident

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

func TestWavesNameEachMonitorOnceAndKeepItsOrder(t *testing.T) {
	t.Parallel()
	a, b := uptime.NewID(time.Now()), uptime.NewID(time.Now())
	all := waves([]unit.Unit{
		{Monitor: a, Opened: []consensus.Open{{At: 1}}},
		{Monitor: b, Votes: []postgres.Vote{{Region: "x"}}},
		// Resolved, opened and resolved again between two calls.
		{Monitor: a, Opened: []consensus.Open{{At: 5}}, Resolved: []consensus.Resolve{{At: 3}, {At: 9}}, Votes: []postgres.Vote{{Region: "x"}}},
		{Monitor: b, Spans: []postgres.SpanSwitch{{At: 1}, {At: 2}}},
	})
	var got []string
	for _, wave := range all {
		seen := map[uptime.ID]bool{}
		line := ""
		for _, u := range wave {
			if seen[u.Monitor] {
				t.Errorf("a monitor is twice in one wave: %+v", wave)
			}
			seen[u.Monitor] = true
			name := map[uptime.ID]string{a: "a", b: "b"}[u.Monitor]
			switch {
			case len(u.Opened) > 0:
				line += name + " opens at " + string('0'+rune(u.Opened[0].At)) + ". "
			case len(u.Resolved) > 0:
				line += name + " ends at " + string('0'+rune(u.Resolved[0].At)) + ". "
			case len(u.Spans) > 0:
				line += name + " turns at " + string('0'+rune(u.Spans[0].At)) + ". "
			default:
				line += name + " votes. "
			}
		}
		got = append(got, line)
	}
	want := []string{
		"a opens at 1. b votes. ", "a ends at 3. b turns at 1. ", "a opens at 5. b turns at 2. ", "a ends at 9. b votes. ", "a votes. ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("waves (-want +got):\n%s", diff)
	}
}

func TestAdvisoriesAreToldAtTheirEnds(t *testing.T) {
	t.Parallel()
	type told struct{ end, follows bool }
	s := &postgres.Subject{}
	for _, c := range []struct {
		name     string
		verdict  uptime.Verdict
		advisory consensus.Advisory
		flapping bool
		want     []told
	}{
		{"begins", uptime.VerdictUp, consensus.Advisory{At: 5, Since: 5}, false, []told{{false, false}}},
		{"begins while flapping", uptime.VerdictUp, consensus.Advisory{At: 5, Since: 5}, true, nil},
		{"other regions", uptime.VerdictUp, consensus.Advisory{At: 7, Since: 5}, false, nil},
		{"ends", uptime.VerdictUp, consensus.Advisory{At: 9, Since: 5, Ended: true}, false, []told{{true, true}}},
		{"ends in an outage", uptime.VerdictDown, consensus.Advisory{At: 9, Since: 5, Ended: true}, false, nil},
		{"ends in the dark", uptime.VerdictUnknown, consensus.Advisory{At: 9, Since: 5, Ended: true}, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := &unit.Unit{State: &postgres.MonitorState{Verdict: c.verdict}, Advisories: []consensus.Advisory{c.advisory}, Flapping: c.flapping}
			var got []told
			for _, n := range advisoryNews(u, s) {
				got = append(got, told{!n.message.Until.IsZero(), n.follows != nil})
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(told{})); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// An alert says which of a website's monitors it is about, whether that has a name or not.
func TestAlertsTellMonitorsApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		is   postgres.Subject
		want string
	}{
		{"the website's page", postgres.Subject{Kind: uptime.KindHTTP, Target: "https://a.example"}, "Shop"},
		{"its name is the website's", postgres.Subject{Kind: uptime.KindTCP, Target: "a.example:25", MonitorName: "Shop"}, "Shop"},
		{"named", postgres.Subject{Kind: uptime.KindTCP, Target: "a.example:25", MonitorName: "mail"}, "Shop (mail)"},
		{"unnamed", postgres.Subject{Kind: uptime.KindHeartbeat}, "Shop (heartbeat)"},
	} {
		c.is.WebsiteName, c.is.URL = "Shop", "https://a.example"
		m := messageOf(&c.is, alert.EventDown, "")
		if got := m.Title(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
