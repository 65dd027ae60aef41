//go:build integration

package app

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
	"github.com/probefleet/probefleet/services/aggregator/internal/collect"
	"github.com/probefleet/probefleet/services/aggregator/internal/incident"
)

const day = 24 * time.Hour

// until lets time pass.
func (f *fleet) until(at uptime.Instant) { f.skip(at.Sub(f.now())) }

// see has a region's worker say, now, when something ends.
func (f *fleet) see(m uptime.Monitor, region string, subject expiry.Subject, ends uptime.Instant) {
	f.Helper()
	due := max(f.now()/1000*1000, f.cursor[region]+1000)
	f.cursor[region] = due
	c := f.monitor(m.ID).Check(region, due)
	r := pass.result(&c, due)
	if r.CertificateEnds = ends; subject == expiry.Domain {
		r.CertificateEnds, r.RegistrationEnds = 0, ends
	}
	f.rawResult(queue.Lane{Region: region}, fmt.Sprintf("%d-1", due/1000), wire.EncodeResult(nil, &r))
}

// warnings returns what was told of ends, in order: subject and threshold.
func (f *fleet) warnings() []string {
	f.Helper()
	return f.column(`SELECT payload->'expiry'->>'subject' || ' ' || (payload->'expiry'->>'days') FROM delivery
		WHERE transition = 'expiry' ORDER BY seq`)
}

// warned checks what was told once the last result of every region is in its vote.
func (f *fleet) warned(what string, want ...string) {
	f.Helper()
	for region, due := range f.cursor {
		f.await("the last result of "+region, func() bool {
			return len(f.column("SELECT 1 FROM vote WHERE region = $1 AND due = $2", region, due.Time())) > 0
		})
	}
	if diff := cmp.Diff(append([]string{}, want...), f.warnings()); diff != "" {
		f.Fatalf("%s: warned (-want +got):\n%s%s", what, diff, f.picture())
	}
}

// TestWarningsAtEachThreshold follows a certificate of three regions to its end, with
// the aggregator started anew at every turn.
func TestWarningsAtEachThreshold(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "expiry")
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered", "fleet")
	fixture.Channel(t, f.store.Pool(), fixture.Org(t, f.store.Pool()), "expiry")
	start := f.now().Add(time.Hour)
	ends := start.Add(31 * day)
	life := f.aggregate(nil)
	var want []string
	for _, step := range []struct {
		after float64 // days
		warns string
	}{
		{.9, ""}, {1, "certificate 30"}, {16.9, ""}, {17.1, "certificate 14"}, {24.1, "certificate 7"}, {30.1, "certificate 1"}, {31.1, ""},
	} {
		f.until(start.Add(time.Duration(step.after * float64(day))))
		for range 2 {
			for _, region := range f.regions {
				f.see(m, region, expiry.Certificate, ends)
			}
		}
		if step.warns != "" {
			want = append(want, step.warns)
		}
		f.warned(fmt.Sprintf("after %v days", step.after), want...)
		life.stop()
		life = f.aggregate(nil)
	}
	message := decode[alert.Message](t, f.one("SELECT payload FROM delivery WHERE payload->'expiry'->>'days' = '7'"))
	name := f.one("SELECT name FROM website WHERE id = $1", m.WebsiteID)
	wantMessage := alert.Message{
		Event: alert.EventExpiry, WebsiteID: m.WebsiteID, MonitorID: m.ID, Website: name, URL: m.Target, Verdict: message.Verdict,
		Explanation: "The certificate ends at " + alert.Instant(ends.Time()), Votes: []alert.Vote{},
		Expiry: &alert.Expiry{Subject: "certificate", EndsAt: ends.Time(), Days: 7},
	}
	message.Votes = append([]alert.Vote{}, message.Votes...)
	if diff := cmp.Diff(wantMessage, message); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if got := f.one("SELECT warned_days FROM expiry WHERE monitor_id = $1 AND subject = 'certificate'", m.ID); got != "1" {
		t.Errorf("the row says that %s days were warned of last, want 1", got)
	}
	f.consistent()
}

// TestCertificatesThatDiffer has one region show another certificate than the others,
// which is then renewed.
func TestCertificatesThatDiffer(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west")
	m := f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered", "expiry")
	start := f.now().Add(time.Hour)
	old, fresh := start.Add(8*day), start.Add(80*day)
	life := f.aggregate(nil)
	f.until(start)
	f.see(m, "eu-west", expiry.Certificate, fresh)
	f.warned("the one of most regions")
	f.see(m, "ap-south", expiry.Certificate, old)
	f.warned("an earlier one elsewhere", "certificate 14")
	for n := range 30 { // by turns, and in one region by turns as well
		f.until(start.Add(time.Duration(n) * 90 * time.Minute))
		f.see(m, "eu-west", expiry.Certificate, fresh)
		f.see(m, "ap-south", expiry.Certificate, []uptime.Instant{old, fresh, old}[n%3])
		f.see(m, "ap-south", expiry.Certificate, old)
	}
	f.warned("by turns", "certificate 14", "certificate 7")
	life.stop()
	f.aggregate(nil)
	f.until(start.Add(3 * day))
	f.see(m, "ap-south", expiry.Certificate, fresh)
	f.see(m, "eu-west", expiry.Certificate, fresh)
	f.until(start.Add(7*day + 12*time.Hour))
	f.see(m, "ap-south", expiry.Certificate, fresh)
	f.warned("renewed", "certificate 14", "certificate 7")
	if got := f.one("SELECT warned_days IS NULL AND ends_at = $1 FROM expiry", fresh.Time()); got != "true" {
		t.Errorf("the row does not start anew: %v", f.column("SELECT to_jsonb(e) FROM expiry e"))
	}
	f.until(start.Add(73*day + time.Hour))
	f.see(m, "ap-south", expiry.Certificate, fresh)
	f.warned("the new one's own", "certificate 14", "certificate 7", "certificate 7")
	f.consistent()
}

// TestKilledWhileItWarns ends the aggregator at the n-th time that it comes to a step
// after a certificate is seen to end soon. Each channel is told once.
func TestKilledWhileItWarns(t *testing.T) {
	t.Parallel()
	for _, step := range []string{collect.StepCheckpoint, incident.StepBegin, incident.StepCommit, incident.StepCommitted} {
		for n := 1; n <= 2; n++ {
			t.Run(fmt.Sprintf("%s %d", step, n), func(t *testing.T) {
				t.Parallel()
				f := newFleet(t, "ap-south", "eu-west")
				m := f.add()
				for range 2 {
					fixture.Channel(t, f.store.Pool(), f.org, "expiry")
				}
				var armed atomic.Bool
				var left atomic.Int32
				left.Store(int32(n))
				life := f.aggregate(func(at string) error {
					if armed.Load() && at == step && left.Add(-1) == 0 {
						return errKilled
					}
					return nil
				})
				f.healthy(m)
				f.settled()
				ends := f.now().Add(5 * day)
				armed.Store(true)
				for tries := 0; ; tries++ {
					for _, region := range f.regions {
						f.see(m, region, expiry.Certificate, ends)
					}
					if life.died(time.Second) {
						break
					}
					if tries > 20 {
						t.Fatalf("did not come to step %s for the %d. time: %v", step, n, life.err)
					}
				}
				f.aggregate(nil)
				f.await("the warnings", func() bool { return len(f.warnings()) >= 2 })
				for _, region := range f.regions {
					f.see(m, region, expiry.Certificate, ends)
				}
				f.warned("in the end", "certificate 7", "certificate 7")
				if channels := f.column("SELECT DISTINCT channel_id FROM delivery"); len(channels) != 2 {
					t.Errorf("%d channels were told, want both", len(channels))
				}
				f.consistent()
			})
		}
	}
}

func TestWhoIsNotWarned(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west")
	muted, paused, retargeted, domain := f.add(), f.add(), f.add(), f.add()
	fixture.Channel(t, f.store.Pool(), f.org, "expiry")
	f.exec("UPDATE website SET muted = true WHERE id = $1", muted.WebsiteID)
	f.exec("UPDATE website SET paused = true WHERE id = $1", paused.WebsiteID)
	life := f.aggregate(nil)
	ends := f.now().Add(5 * day)
	f.see(paused, "eu-west", expiry.Certificate, ends)
	f.see(muted, "eu-west", expiry.Certificate, ends)
	f.warned("paused and muted")
	f.see(retargeted, "eu-west", expiry.Certificate, ends)
	f.see(domain, "eu-west", expiry.Domain, ends)
	f.warned("the others", "certificate 7", "domain 7")
	f.exec(retarget, retargeted.ID)
	if rows := f.column("SELECT 1 FROM expiry WHERE monitor_id = $1", retargeted.ID); len(rows) > 0 {
		t.Error("a change of the target does not forget what ends")
	}
	f.see(retargeted, "eu-west", expiry.Certificate, ends.Add(4*day))
	f.warned("of the new target", "certificate 7", "domain 7", "certificate 14")
	f.exec("UPDATE website SET paused = false WHERE id = $1", paused.WebsiteID)
	f.see(paused, "eu-west", expiry.Certificate, ends)
	f.warned("once it goes on", "certificate 7", "domain 7", "certificate 14", "certificate 7")
	if untold := f.column("SELECT monitor_id FROM expiry WHERE untold"); len(untold) != 1 || untold[0] != muted.ID.String() {
		t.Fatalf("untold are %v, want what is muted", untold)
	}
	f.see(muted, "eu-west", expiry.Certificate, ends) // seen again it is no less untold
	life.stop()
	life = f.aggregate(nil)
	f.exec("UPDATE website SET muted = false WHERE id = $1", muted.WebsiteID)
	f.await("what was muted", func() bool { return len(f.warnings()) == 5 })
	if untold := f.column("SELECT monitor_id FROM expiry WHERE untold"); len(untold) > 0 {
		t.Errorf("still untold: %v", untold)
	}
	f.until(ends.Add(-12 * time.Hour))
	f.see(muted, "eu-west", expiry.Certificate, ends)
	f.warned("its next", "certificate 7", "domain 7", "certificate 14", "certificate 7", "certificate 7", "certificate 1")
	life.stop()
	f.consistent()
}
