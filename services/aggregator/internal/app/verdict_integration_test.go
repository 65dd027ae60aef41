//go:build integration

package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestAnOutageIsOneIncidentWithItsEvidenceAndAlerts(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	fixture.Channel(t, f.store.Pool(), f.org, "down")
	fixture.Channel(t, f.store.Pool(), f.org, "advisory", "fleet")
	other := fixture.Org(t, f.store.Pool())
	fixture.Channel(t, f.store.Pool(), other, "down", "recovered")
	f.aggregate(nil)
	f.healthy(m)

	f.answer(fail)
	f.slot([]uptime.Monitor{m}, "eu-west")
	f.await("verdict down", func() bool { return f.verdict(m) == "down" })
	evidence := decode[consensus.Evidence](t, f.one("SELECT evidence FROM incident WHERE monitor_id = $1 AND severity = 'down'", m.ID))
	if len(evidence.Votes) != 3 || evidence.Quorum.Failed < evidence.Quorum.K || evidence.Quorum.K != 2 || evidence.Round < 1 {
		t.Errorf("evidence is %+v, want a quorum of three regions", evidence)
	}
	for _, v := range evidence.Votes {
		if v.Reason != uptime.ReasonStatus || v.Due == nil || v.StatusCode != 200 || v.ResolvedIP != "192.0.2.7" || v.Detail != "status 500" {
			t.Errorf("evidence has vote %+v, want the whole of it", v)
		}
	}
	if diff := cmp.Diff(map[string]int{"down": 2}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	kinds := f.column("SELECT kind FROM incident_event ORDER BY at, id")
	if len(kinds) < 3 || kinds[0] != "first_failure" || kinds[len(kinds)-1] != "opened" {
		t.Errorf("history is %v, want it from the first failure to the opening", kinds)
	}

	f.answer(pass)
	f.slot([]uptime.Monitor{m})
	f.await("verdict up", func() bool { return f.verdict(m) == "up" })
	if resolution := f.one("SELECT resolution FROM incident WHERE resolved_at IS NOT NULL"); resolution == "" {
		t.Error("the incident does not say how it ended")
	}
	if diff := cmp.Diff(map[string]int{"down": 2, "recovered": 1}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	f.settled()
	f.await("spans of votes", func() bool {
		return len(f.column("SELECT 1 FROM vote_span WHERE monitor_id = $1 AND outcome = 'fail' AND ended_at IS NOT NULL", m.ID)) == 3
	})
	got := f.column("SELECT verdict FROM span WHERE monitor_id = $1 ORDER BY started_at", m.ID)
	if diff := cmp.Diff([]string{"unknown", "up", "down", "up"}, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	f.consistent()
}

func TestOneRegionAloneIsAnAdvisory(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered", "advisory")
	f.aggregate(nil)
	f.healthy(m)
	f.answer(fail, "eu-west")
	f.slot([]uptime.Monitor{m}, "eu-west")
	f.await("an advisory", func() bool {
		return f.one("SELECT array_to_string(advisory, ',') FROM monitor_state WHERE monitor_id = $1", m.ID) == "eu-west"
	})
	if f.verdict(m) != "up" || len(f.column("SELECT 1 FROM incident")) > 0 {
		t.Errorf("one failing region of three is more than an advisory:\n%s", f.picture())
	}
	f.answer(pass)
	f.slot([]uptime.Monitor{m})
	f.await("the end of the advisory", func() bool {
		return f.one("SELECT array_to_string(advisory, ',') FROM monitor_state WHERE monitor_id = $1", m.ID) == ""
	})
	if diff := cmp.Diff(map[string]int{"advisory": 2}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	f.settled()
	f.consistent()
}

func TestTwoSilentRegionsOfThreeAreUnknown(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered", "fleet")
	f.aggregate(nil)
	f.healthy(m)
	f.stop(true, "ap-south", "eu-west")
	f.skip(25 * time.Second) // Votes are fresh for 22 s.
	f.answer(fail, "us-east")
	f.slot([]uptime.Monitor{m}, "us-east")
	f.await("verdict unknown", func() bool { return f.verdict(m) == "unknown" })
	f.await("silent regions recorded", func() bool { return len(f.column("SELECT 1 FROM fleet_event WHERE kind = 'silent'")) == 2 })
	f.stop(false, "ap-south", "eu-west")
	f.answer(pass)
	f.slot([]uptime.Monitor{m})
	f.await("verdict up", func() bool { return f.verdict(m) == "up" })
	f.await("their return", func() bool { return len(f.column("SELECT 1 FROM fleet_event WHERE resolved_at IS NULL")) == 0 })
	if n := len(f.column("SELECT 1 FROM incident")); n > 0 || len(f.alerts()) > 0 {
		t.Errorf("unknown opened %d incidents:\n%s", n, f.picture())
	}
	f.settled()
	f.consistent()
}

func TestABlindFleetSaysSo(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered", "fleet")
	f.aggregate(nil)
	f.healthy(m)
	f.answer(fail, "us-east") // A round in which every canary passes makes the canaries known.
	f.slot([]uptime.Monitor{m}, "us-east")
	f.await("an advisory", func() bool { return len(f.column("SELECT 1 FROM monitor_state WHERE advisory <> '{}'")) == 1 })
	f.answer(blind)
	f.slot([]uptime.Monitor{m})
	f.await("verdict unknown", func() bool { return f.verdict(m) == "unknown" })
	f.await("a fleet alert", func() bool { return f.alerts()["fleet"] == 1 })
	if n := len(f.column("SELECT 1 FROM incident")); n > 0 {
		t.Errorf("a blind fleet opened %d incidents", n)
	}
	f.answer(pass)
	f.slot([]uptime.Monitor{m})
	f.await("verdict up", func() bool { return f.verdict(m) == "up" })
	f.await("the all-clear", func() bool { return f.alerts()["fleet"] == 2 })
	if diff := cmp.Diff(map[string]int{"fleet": 2}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	f.settled()
	f.consistent()
}

func TestDegradedIsToldWithoutAnIncident(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered", "degraded")
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	f.aggregate(nil)
	f.healthy(m)
	f.answer(degraded)
	f.slot([]uptime.Monitor{m})
	f.await("verdict degraded", func() bool { return f.verdict(m) == "degraded" })
	f.answer(pass)
	f.slot([]uptime.Monitor{m})
	f.await("verdict up", func() bool { return f.verdict(m) == "up" })
	if diff := cmp.Diff(map[string]int{"degraded": 1, "recovered": 1}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	f.settled()
	f.consistent()
}

func TestAMutedWebsiteIsJudgedAndToldOfAfterwards(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	if _, err := f.store.MuteWebsite(t.Context(), f.org, m.WebsiteID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	f.aggregate(nil)
	f.healthy(m)
	f.answer(fail)
	f.slot([]uptime.Monitor{m})
	f.await("verdict down", func() bool { return f.verdict(m) == "down" })
	if alerts := f.alerts(); len(alerts) > 0 {
		t.Errorf("a muted website was told of: %v", alerts)
	}
	if _, err := f.store.UnmuteWebsite(t.Context(), f.org, m.WebsiteID); err != nil {
		t.Fatal(err)
	}
	f.await("the outage to be told of", func() bool { return f.alerts()["down"] == 1 })
	f.answer(pass)
	f.slot([]uptime.Monitor{m})
	f.await("verdict up", func() bool { return f.verdict(m) == "up" })
	if diff := cmp.Diff(map[string]int{"down": 1, "recovered": 1}, f.alerts()); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	f.settled()
	f.consistent()
}
