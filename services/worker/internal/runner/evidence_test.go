package runner

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

func TestEvidenceTravelsWhenItIsNews(t *testing.T) {
	t.Parallel()
	a, b := uptime.ID{1}, uptime.ID{2}
	var told told
	at := func(s int) uptime.Instant { return uptime.Instant(1e15).Add(time.Duration(s) * time.Second) }
	for i, step := range []struct {
		monitor uptime.ID
		reason  uptime.Reason
		at      int
		urgent  bool
		want    bool
	}{
		{a, uptime.ReasonTimeout, 0, false, true}, // the first
		{a, uptime.ReasonTimeout, 30, false, false},
		{b, uptime.ReasonTimeout, 30, false, true}, // another monitor
		{a, uptime.ReasonTimeout, 59, true, true},  // urgent
		{a, uptime.ReasonTimeout, 61, false, false},
		{a, uptime.ReasonTimeout, 119, false, true}, // a minute later
		{a, uptime.ReasonStatus, 120, false, true},  // another reason
		{a, uptime.ReasonStatus, 121, false, false},
		{a, uptime.ReasonTimeout, 122, false, true}, // and back
		{a, uptime.ReasonTimeout, 121, true, true},
		{a, uptime.ReasonTimeout, 2, false, true}, // the clock was set back
	} {
		if got := told.news(step.monitor, step.reason, at(step.at), step.urgent); got != step.want {
			t.Errorf("step %d: %+v: %v", i, step, got)
		}
	}
}

func TestToldIsBounded(t *testing.T) {
	t.Parallel()
	told := told{most: 100}
	now := uptime.Instant(1e15)
	id := func(i int) uptime.ID { return uptime.ID{byte(i >> 8), byte(i)} }
	for i := range 1000 {
		if !told.news(id(i), uptime.ReasonStatus, now, false) {
			t.Fatalf("monitor %d is no news", i)
		}
		if n := len(told.young) + len(told.aged); n > 100 {
			t.Fatalf("%d monitors are remembered", n)
		}
		if told.news(id(i), uptime.ReasonStatus, now, false) || i > 49 && told.news(id(i-49), uptime.ReasonStatus, now, false) {
			t.Fatalf("one of the latest is forgotten after monitor %d", i)
		}
	}
}

func TestWhatTravelsWithAResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
		saw := &probe.Evidence{Certificate: &probe.Certificate{Subject: "CN=x", NotAfter: ends}, Registration: &probe.Registration{Expires: ends}}
		down := probe.Finding{Reason: uptime.ReasonStatus, Evidence: saw, IP: netip.MustParseAddr("192.0.2.7")}
		p := &fakeProber{finds: map[string]probe.Finding{
			"up": {Evidence: saw}, "asked, up": {Evidence: saw}, "down": down, "asked, down": down, "confirmed": down,
			"slow": {Reason: uptime.ReasonAssertion, Degraded: true, Evidence: saw}, "bare": {Reason: uptime.ReasonTimeout},
			"foreign": {Reason: uptime.ReasonUnsupported, Evidence: saw},
		}}
		l := &fakeLane{}
		monitor := func(n byte, change ...func(*queue.Entry)) func(*queue.Entry) {
			return func(e *queue.Entry) {
				e.Check.Monitor[1] = n
				for _, f := range change {
					f(e)
				}
			}
		}
		asked := func(e *queue.Entry) { e.Check.ReplyTo, e.Check.Request = "reply", uptime.ID{9} }
		confirmed := func(e *queue.Entry) { e.Check.Request = uptime.ID{8} }
		l.push(entry("up"), entry("asked, up", asked), entry("slow", monitor(1)), entry("bare", monitor(2)), entry("foreign", monitor(3)))
		stop := running(t, l, p, Config{})
		time.Sleep(time.Second)
		l.push(entry("down", monitor(4)))
		time.Sleep(time.Second)
		l.push(entry("confirmed", monitor(4, confirmed)), entry("asked, down", monitor(4, asked)))
		time.Sleep(time.Second)
		first := l.results()
		l.push(entry("down", monitor(4))) // the same again
		time.Sleep(time.Second)
		stop()
		got := map[string]bool{}
		for target, r := range first {
			got[target] = len(r.Evidence) > 0
			want := uptime.InstantOf(ends)
			if target == "bare" {
				want = 0
			}
			if r.CertificateEnds != want || r.RegistrationEnds != want {
				t.Errorf("%s: certificate ends %d, registration %d", target, r.CertificateEnds, r.RegistrationEnds)
			}
		}
		if diff := cmp.Diff(map[string]bool{
			"up": false, "asked, up": true, "down": true, "confirmed": true, "asked, down": true, "slow": true, "bare": false, "foreign": false,
		}, got); diff != "" {
			t.Errorf("with evidence (-want +got):\n%s", diff)
		}
		if again := l.results()["down"]; len(again.Evidence) > 0 || again.Outcome != uptime.OutcomeFail || again.CertificateEnds == 0 {
			t.Errorf("the same again: %+v", again)
		}
	})
}
