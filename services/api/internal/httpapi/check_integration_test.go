//go:build integration

package httpapi_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// worker plays a region's worker on all lanes: it beats, takes urgent checks, and
// commits what answer returns; nil leaves a check lying.
func (f *fleet) worker(region string, answer func(uptime.Check) *uptime.Result) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for shard := range 2 {
		lane := queue.Lane{Region: region, Shard: shard}
		f.ok(f.queue.EnsureLane(ctx, lane))
		k := f.queue.Consumer(lane, queue.WorkerInfo{ID: "worker-" + region, Site: "test", Version: "v0", Started: time.Now(), Concurrency: 4})
		f.ok(k.Beat(ctx))
		all.Go(func() {
			for ctx.Err() == nil {
				_ = k.Beat(ctx)
				entries, err := k.Read(ctx, 0, 8)
				if err != nil {
					continue
				}
				var done []queue.Finished
				for _, e := range entries {
					if r := answer(e.Check); r != nil {
						r.Monitor, r.Revision, r.Region, r.Due, r.Request, r.Worker = e.Check.Monitor, e.Check.Revision, region, e.Check.Due, e.Check.Request, "worker-"+region
						done = append(done, queue.Finished{Entry: e, Result: *r})
					}
				}
				_, _ = k.Commit(ctx, done)
			}
		})
	}
	f.t.Cleanup(func() { cancel(); all.Wait() })
}

type checkReport struct {
	Complete bool
	Results  []struct {
		MonitorID                 string `json:"monitor_id"`
		Region                    string
		OK                        bool
		Outcome, Reason, Detail   string
		LatencyMs                 *float64 `json:"latency_ms"`
		TtfbMs                    float64  `json:"ttfb_ms"`
		StatusCode                *int     `json:"status_code"`
		ResolvedIP                *string  `json:"resolved_ip"`
		Worker                    string
		DNSMs, ConnectMs, TransMs float64 `json:"-"`
	}
}

func TestCheckOnDemand(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west", "ap-south", "sa-east")
	f.call("PATCH", "/v1/regions/sa-east", `{"enabled":false}`).want(200, nil)
	var checks sync.Map
	f.worker("us-east", func(c uptime.Check) *uptime.Result {
		checks.Store(c.Region, c)
		return &uptime.Result{Outcome: uptime.OutcomePass, Code: 200, IP: "192.0.2.7", Phases: uptime.Phases{TTFB: 7 * time.Millisecond, Total: 9 * time.Millisecond}}
	})
	f.worker("eu-west", func(uptime.Check) *uptime.Result {
		return &uptime.Result{Outcome: uptime.OutcomeFail, Reason: uptime.ReasonDNS, Detail: "no such host"}
	})
	w := f.addWebsite(map[string]any{"url": "a.example", "timeout_ms": 1000})
	for _, state := range []string{"running", "paused"} {
		var got checkReport
		f.call("POST", "/v1/websites/"+w.ID+"/check", nil).want(200, &got)
		if !got.Complete || len(got.Results) != 3 {
			t.Fatalf("%s: %+v", state, got)
		}
		ap, eu, us := got.Results[0], got.Results[1], got.Results[2]
		if ap.Region != "ap-south" || ap.OK || ap.Outcome != "invalid" || ap.Reason != "no_worker" || ap.LatencyMs != nil {
			t.Errorf("%s: nobody there: %+v", state, ap)
		}
		if eu.Region != "eu-west" || eu.OK || eu.Outcome != "fail" || eu.Reason != "dns" || eu.Detail != "no such host" || eu.StatusCode != nil {
			t.Errorf("%s: failing: %+v", state, eu)
		}
		if us.Region != "us-east" || !us.OK || us.Outcome != "pass" || *us.LatencyMs != 9 || us.TtfbMs != 7 || *us.StatusCode != 200 || *us.ResolvedIP != "192.0.2.7" ||
			us.Worker != "worker-us-east" || us.MonitorID != w.Monitors[0].ID {
			t.Errorf("%s: passing: %+v", state, us)
		}
		f.call("POST", "/v1/websites/"+w.ID+"/pause", nil).want(200, nil)
	}
	sent, ok := checks.Load("us-east")
	if !ok {
		t.Fatal("no check was sent")
	}
	c := sent.(uptime.Check)
	if c.Target != "https://a.example" || c.Timeout != time.Second || c.Revision != 2 || !c.Due.IsUrgent() || c.Request.IsZero() || c.Kind != uptime.KindHTTP || c.NotAfter <= c.Due {
		t.Errorf("the check as sent: %+v", c)
	}
}

func TestCheckOnDemandWaitsOnlySoLong(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west")
	f.worker("us-east", func(uptime.Check) *uptime.Result { return &uptime.Result{Outcome: uptime.OutcomePass} })
	f.worker("eu-west", func(uptime.Check) *uptime.Result { return nil })
	w := f.addWebsite(map[string]any{"url": "a.example", "timeout_ms": 100})
	var got checkReport
	f.call("POST", "/v1/websites/"+w.ID+"/check", nil).want(200, &got)
	if got.Complete || len(got.Results) != 1 || got.Results[0].Region != "us-east" {
		t.Errorf("one is silent: %+v", got)
	}
}

func TestQueueAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	_ = f.queue.Close()
	f.call("POST", "/v1/websites/"+w.ID+"/check", nil).problem(503)
	f.call("GET", "/v1/fleet", nil).problem(503)
	// What the database knows is shown, and what it can do is done.
	var regions pageOf[region]
	f.call("GET", "/v1/regions", nil).want(200, &regions)
	if len(regions.Items) != 1 || regions.Items[0].Waiting != nil || regions.Items[0].State != "silent" {
		t.Errorf("regions: %+v", regions.Items)
	}
	f.call("DELETE", "/v1/websites/"+w.ID, nil).want(204, nil)
	select {
	case <-f.woken:
	default:
		t.Error("the cleaner was not woken")
	}
}

type region struct {
	Name, Title, State string
	Latitude           *float64
	Longitude          *float64
	Enabled            bool
	LiveWorkers        int        `json:"live_workers"`
	LastSeenAt         *time.Time `json:"last_seen_at"`
	Waiting            *int64
	OldestWaitingMs    *int64 `json:"oldest_waiting_ms"`
	MessageKey         string `json:"message_key"`
	Workers            []struct {
		ID, Site string
		Alive    bool
	}
}

func TestRegions(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := context.Background()
	var made region
	f.call("POST", "/v1/regions", `{"name":"us-east","title":"US East","latitude":38.95,"longitude":-77.45}`).want(201, &made)
	if made.State != "silent" || !made.Enabled || *made.Latitude != 38.95 || *made.Waiting != 0 || len(made.MessageKey) != 44 {
		t.Errorf("made: %+v", made)
	}
	stored, err := f.store.Region(ctx, f.org, "us-east")
	f.ok(err)
	if _, err := f.box.Open(stored.KeySealed, f.org.String(), "region/us-east", "message_key"); err != nil {
		t.Errorf("its key does not open: %v", err)
	}
	f.call("POST", "/v1/regions", `{"name":"us-east"}`).problem(409)
	for _, name := range []string{"us-east", "elsewhere"} { // whether it is taken is not told
		f.as("other").call("POST", "/v1/regions", `{"name":"`+name+`"}`).problem(403)
	}

	// One that registered itself waits, and is taken over by whoever adds it.
	_, err = f.store.InsertAnnounced(ctx, []string{"eu-west", "ap-south"}, 100)
	f.ok(err)
	var r region
	f.call("GET", "/v1/regions/eu-west", nil).want(200, &r)
	if r.State != "pending" || r.Enabled {
		t.Errorf("announced: %+v", r)
	}
	f.call("POST", "/v1/regions", `{"name":"eu-west"}`).want(201, &r)
	f.call("PATCH", "/v1/regions/ap-south", `{"enabled":true}`).want(200, &r)
	if r.State != "silent" || !r.Enabled {
		t.Errorf("enabled: %+v", r)
	}

	f.worker("us-east", func(uptime.Check) *uptime.Result { return nil })
	r = region{}
	f.call("GET", "/v1/regions/us-east", nil).want(200, &r)
	if r.State != "active" || r.LiveWorkers != 1 || len(r.Workers) != 1 || r.Workers[0].ID != "worker-us-east" || r.LastSeenAt == nil || r.MessageKey != "" {
		t.Errorf("with a worker: %+v", r)
	}
	_, err = f.store.Pool().Exec(ctx, "UPDATE region SET sick_since = now() WHERE name IN ('us-east', 'eu-west')")
	f.ok(err)
	f.call("PATCH", "/v1/regions/ap-south", `{"enabled":false,"title":"Asia","latitude":null}`).want(200, &r)
	if r.State != "disabled" || r.Title != "Asia" {
		t.Errorf("disabled: %+v", r)
	}
	var all pageOf[region]
	f.call("GET", "/v1/regions", nil).want(200, &all)
	states := map[string]string{}
	for _, r := range all.Items {
		states[r.Name] = r.State
	}
	if diff := cmp.Diff(map[string]string{"us-east": "sick", "eu-west": "silent", "ap-south": "disabled"}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	for body, pointer := range map[string]string{
		`{"name":"Europe"}`: "#/name", `{"name":""}`: "#/name", `{"name":"a/b"}`: "#/name", `{}`: "#/name", `{"name":"x","latitude":91}`: "#/latitude",
		`{"name":"x","longitude":-181}`: "#/longitude", `{"name":"x","state":"active"}`: "#/state", `{"name":"-a"}`: "#/name",
	} {
		f.call("POST", "/v1/regions", body).invalid(pointer)
	}
	f.call("PATCH", "/v1/regions/us-east", `{"name":"new"}`).invalid("#/name")
	f.call("PATCH", "/v1/regions/us-east", `{"enabled":null}`).invalid("#/enabled")
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		f.call(method, "/v1/regions/nowhere", `{}`).problem(404)
	}
}

func TestDeleteRegion(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west", "ap-south")
	only := f.addWebsite(map[string]any{"url": "only.example", "regions": []string{"us-east"}})
	both := f.addWebsite(map[string]any{"url": "both.example", "regions": []string{"us-east", "eu-west"}})
	f.judge(id(t, both.Monitors[0].ID), uptime.VerdictUp, "eu-west")
	p := f.call("DELETE", "/v1/regions/us-east", nil).problem(409)
	if p.ExistingID != only.Monitors[0].ID {
		t.Errorf("it names %q, want the monitor %q", p.ExistingID, only.Monitors[0].ID)
	}
	f.call("DELETE", "/v1/regions/eu-west", nil).want(204, nil)
	f.call("GET", "/v1/regions/eu-west", nil).problem(404)
	f.call("DELETE", "/v1/regions/eu-west", nil).problem(404)
	var m monitor
	f.call("GET", "/v1/monitors/"+both.Monitors[0].ID, nil).want(200, &m)
	if !cmp.Equal(m.Regions, []string{"us-east"}) || m.Revision != 2 {
		t.Errorf("the monitor that named it: %+v", m)
	}
	var v votes
	f.call("GET", "/v1/monitors/"+m.ID+"/votes", nil).want(200, &v)
	if len(v.Items) != 0 {
		t.Errorf("its vote is still there: %+v", v)
	}
	f.call("DELETE", "/v1/websites/"+only.ID, nil).want(204, nil)
	f.call("DELETE", "/v1/regions/us-east", nil).problem(409) // the other one names it alone by now
	f.call("PATCH", "/v1/monitors/"+m.ID, `{"regions":null}`).want(200, nil)
	f.call("DELETE", "/v1/regions/us-east", nil).want(204, nil)
	f.call("DELETE", "/v1/regions/ap-south", nil).problem(409) // the last for whoever takes every enabled one
	f.call("DELETE", "/v1/websites/"+both.ID, nil).want(204, nil)
	f.call("DELETE", "/v1/regions/ap-south", nil).want(204, nil)
}
