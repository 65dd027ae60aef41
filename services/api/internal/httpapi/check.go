package httpapi

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

const (
	// checkGrace is how long beyond a monitor's timeout its answers are waited for:
	// the way to the worker and back, and its quick retry.
	checkGrace = 4 * time.Second
	// longestWait bounds the wait whatever the timeout, below what a caller's own
	// client and the proxies between would wait.
	longestWait = 60 * time.Second
)

// onDemand is one check that somebody waits for.
type onDemand struct {
	lane  queue.Lane
	check uptime.Check
}

// CheckWebsite implements [api.StrictServerInterface].
func (s *Server) CheckWebsite(ctx context.Context, r api.CheckWebsiteRequestObject) (api.CheckWebsiteResponseObject, error) {
	w, err := s.Store.Website(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	probed := slices.DeleteFunc(w.Monitors, func(m postgres.Monitor) bool { return m.Kind == uptime.KindHeartbeat })
	report, err := s.checkNow(ctx, probed, false)
	return api.CheckWebsite200JSONResponse(report), err
}

// CheckMonitor implements [api.StrictServerInterface].
func (s *Server) CheckMonitor(ctx context.Context, r api.CheckMonitorRequestObject) (api.CheckMonitorResponseObject, error) {
	m, err := s.Store.Monitor(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	if m.Kind == uptime.KindHeartbeat {
		return nil, conflict("calls-in", "There is nothing to check: "+callsIn+".")
	}
	report, err := s.checkNow(ctx, []postgres.Monitor{m}, false)
	return api.CheckMonitor200JSONResponse(report), err
}

// TestMonitor implements [api.StrictServerInterface].
func (s *Server) TestMonitor(ctx context.Context, r api.TestMonitorRequestObject) (api.TestMonitorResponseObject, error) {
	org, body := callerOf(ctx).Org, r.Body
	if body.Kind == uptime.KindHeartbeat {
		return nil, invalidField("kind", "cannot be tested: "+callsIn)
	}
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		return nil, err
	}
	looks, wrong, err := s.unsaved(ctx, body)
	if err != nil {
		return nil, err
	}
	defaults := spec.DefaultsOf(body.Kind)
	settings, errs := defaults.Apply(spec.Change{
		Timeout: scaled(body.TimeoutMs, time.Millisecond), Regions: field(body.Regions),
	}, regionsIn(regions), defaults)
	errs = append(errs, timing(looks, body.Kind, settings, errs)...)
	if wrong = append(wrong, pointers(errs)...); len(wrong) > 0 {
		return nil, invalid(api.FieldErrorInBody, wrong...)
	}
	m := postgres.Monitor{Monitor: uptime.Monitor{ID: uptime.NewID(s.Now()), OrgID: org, Kind: body.Kind}}
	takeSettings(&m, settings)
	if err := s.vault.Put(&m, looks, regions); err != nil {
		return nil, err
	}
	report, err := s.checkNow(ctx, []postgres.Monitor{m}, true)
	return api.TestMonitor200JSONResponse(report), err
}

// unsaved returns what a monitor would check; secrets that are not spelled out are those
// of the monitor that the body names.
func (s *Server) unsaved(ctx context.Context, body *api.MonitorTest) (*monitorspec.Spec, []shape.Error, error) {
	if body.MonitorID == nil {
		looks, wrong := parseSpec(body.Kind, deref(body.Target), deref(body.Settings))
		return looks, wrong, nil
	}
	saved, err := s.Store.Monitor(ctx, callerOf(ctx).Org, *body.MonitorID)
	if err != nil {
		return nil, nil, fromStore(err, "monitor")
	}
	if saved.Kind != body.Kind {
		return nil, []shape.Error{{Pointer: "#/kind", Detail: "must be that of the monitor"}}, nil
	}
	known, err := s.vault.Spec(&saved)
	if err != nil {
		return nil, nil, err
	}
	target := deref(body.Target)
	looks, wrong := merged(known, &target, deref(body.Settings))
	return looks, wrong, nil
}

// checkNow has monitors checked in all of their regions and gathers what comes in time.
// A pause does not matter: somebody asked. A test leaves no trace.
func (s *Server) checkNow(ctx context.Context, monitors []postgres.Monitor, test bool) (api.CheckReport, error) {
	regions, err := s.Store.Regions(ctx, callerOf(ctx).Org)
	if err != nil {
		return api.CheckReport{}, err
	}
	select {
	case s.checks <- struct{}{}:
		defer func() { <-s.checks }()
	default:
		return api.CheckReport{}, busy("Too many checks on demand are being waited for.")
	}
	now, err := s.Queue.Time(ctx)
	if err != nil {
		return api.CheckReport{}, unavailable("The queue does not answer.", err)
	}
	waiting, idle, err := s.assign(ctx, monitors, regions, uptime.InstantOf(now), test)
	if err != nil {
		return api.CheckReport{}, unavailable("The queue does not answer.", err)
	}
	answers, complete, err := s.ask(ctx, waiting)
	if err != nil {
		return api.CheckReport{}, unavailable("The queue does not answer.", err)
	}
	results := list(slices.Concat(answers, idle))
	slices.SortFunc(results, func(a, b api.CheckResult) int {
		if c := strings.Compare(a.MonitorID.String(), b.MonitorID.String()); c != 0 {
			return c
		}
		return strings.Compare(a.Region, b.Region)
	})
	return api.CheckReport{Complete: complete, Results: results}, nil
}

// assign makes one check per monitor and region that has a live worker, and says at
// once of the others that nobody is there.
func (s *Server) assign(ctx context.Context, monitors []postgres.Monitor, regions []postgres.Region, now uptime.Instant, test bool) (
	waiting []onDemand, idle []api.CheckResult, err error,
) {
	idle = []api.CheckResult{}
	alive := map[queue.Lane]bool{}
	for i := range monitors {
		m := monitors[i].Monitor
		if m.Settings, err = monitorspec.Carried(m.Settings, monitors[i].SecretsSent); err != nil {
			return nil, nil, err
		}
		for _, region := range m.Assigned(placesOf(regions)) {
			lane := queue.Lane{Region: region, Shard: m.ID.Shard(s.Shards)}
			there, known := alive[lane]
			if !known {
				if there, err = s.hasWorker(ctx, lane); err != nil {
					return nil, nil, err
				}
				alive[lane] = there
			}
			request := uptime.NewID(s.Now())
			c := m.UrgentCheck(region, now, request)
			c.ReplyTo, c.Test = queue.ReplyKey(lane, request), test
			if !there {
				idle = append(idle, checkView(m.ID, &uptime.Result{
					Region: region, Due: c.Due, Outcome: uptime.OutcomeInvalid, Reason: uptime.ReasonNoWorker,
				}))
				continue
			}
			waiting = append(waiting, onDemand{lane, c})
		}
	}
	return waiting, idle, nil
}

func placesOf(regions []postgres.Region) []uptime.Region {
	out := make([]uptime.Region, len(regions))
	for i := range regions {
		out[i] = uptime.Region{Name: regions[i].Name, Enabled: regions[i].Enabled(), Private: regions[i].Private}
	}
	return out
}

func (s *Server) hasWorker(ctx context.Context, lane queue.Lane) (bool, error) {
	workers, err := s.Queue.Workers(ctx, lane)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(workers, func(w queue.Worker) bool { return w.Alive }), nil
}

// ask pushes checks and gathers the answers that come in time. It tells whether all
// of them came; an error means that some were not even pushed.
func (s *Server) ask(ctx context.Context, waiting []onDemand) ([]api.CheckResult, bool, error) {
	patience := time.Duration(0)
	byLane := map[queue.Lane][]uptime.Check{}
	for _, w := range waiting {
		byLane[w.lane] = append(byLane[w.lane], w.check)
		patience = max(patience, w.check.Timeout)
	}
	for lane, checks := range byLane {
		if err := s.Queue.PushUrgent(ctx, lane, checks...); err != nil {
			return nil, false, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, min(patience+checkGrace, longestWait))
	defer cancel()
	answers := make([]*api.CheckResult, len(waiting))
	var all sync.WaitGroup
	for i, w := range waiting {
		all.Go(func() {
			result, err := s.Queue.AwaitReply(ctx, w.lane, w.check.ReplyTo)
			if err == nil {
				view := checkView(w.check.Monitor, &result)
				answers[i] = &view
			}
		})
	}
	all.Wait()
	out := make([]api.CheckResult, 0, len(answers))
	for _, a := range answers {
		if a != nil {
			out = append(out, *a)
		}
	}
	return out, len(out) == len(waiting), nil
}

func checkView(monitor uptime.ID, r *uptime.Result) api.CheckResult {
	out := api.CheckResult{
		MonitorID: monitor, Region: r.Region, Ok: r.Outcome == uptime.OutcomePass || r.Outcome == uptime.OutcomeDegraded,
		Outcome: r.Outcome, Reason: r.Reason, Detail: r.Detail, Due: r.Due.Time(), LatencyMs: null[float64](),
		DNSMs: millis(r.Phases.DNS), ConnectMs: millis(r.Phases.Connect), TLSMs: millis(r.Phases.TLS),
		TtfbMs: millis(r.Phases.TTFB), TransferMs: millis(r.Phases.Transfer),
		StatusCode: unlessZero(r.Code), ResolvedIP: unlessZero(r.IP), Worker: r.Worker, Evidence: null[api.Testimony](),
	}
	if len(r.Evidence) > 0 {
		out.Evidence = value(postgres.PlainObject(r.Evidence)) // a region may have sent anything
	}
	if r.Outcome.Vote() {
		out.LatencyMs = value(millis(r.Phases.Total))
	}
	return out
}
