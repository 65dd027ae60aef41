package runner

import (
	"context"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// start begins all checks that were taken together at once, and finishes those that
// are not to be probed.
func (r *Runner) start(work context.Context, l *lane, entries []queue.Entry) {
	for _, e := range entries {
		if e.Err != nil { // the queue says itself what was wrong with the message
			r.m.finished(&uptime.Result{Outcome: uptime.OutcomeInvalid, Reason: uptime.ReasonInvalid}, "", false)
			l.commits.add(queue.Finished{Entry: e})
			continue
		}
		if result, done := r.refuse(&e.Check); done {
			r.finish(l, e, result)
			continue
		}
		r.gate.start(e.Urgent, hostKey(e.Check.Target), func() { r.check(work, l, e) })
	}
}

// refuse returns the result of a check that is not to be probed: too late, or of a
// kind that this worker does not know.
func (r *Runner) refuse(c *uptime.Check) (uptime.Result, bool) {
	now := r.cfg.Now()
	switch {
	case c.NotAfter != 0 && now > c.NotAfter:
		result := r.result(c, now)
		result.Outcome, result.Reason = uptime.OutcomeExpired, uptime.ReasonExpired
		return result, true
	case !r.prober.Supports(c.Kind):
		result := r.result(c, now)
		result.Outcome, result.Reason = uptime.OutcomeInvalid, uptime.ReasonUnsupported
		result.Detail = "this worker has no probe of that kind"
		return result, true
	}
	return uptime.Result{}, false
}

// check probes the target of one check. When the worker has to stop before the end,
// there is no result: the check stays pending, and somebody else runs it.
func (r *Runner) check(work context.Context, l *lane, e queue.Entry) {
	c := &e.Check
	if ahead := c.Due.Sub(r.cfg.Now()); ahead > 0 {
		sleep(work, min(ahead, maxAhead))
	}
	if result, done := r.refuse(c); done { // it may have been parked for long
		r.finish(l, e, result)
		return
	}
	var beside *canaryRun
	if c.Canary {
		beside = r.canary.ask(work)
	}
	result := r.result(c, r.cfg.Now())
	f := r.prober.Run(work, c)
	ended := time.Now()
	if work.Err() != nil {
		return
	}
	result.Outcome, result.Reason, result.Detail, result.Code = f.Outcome(), f.Reason, f.Detail, f.Code
	result.Phases, result.Attempts, result.Exempt = f.Phases, f.Attempts, f.Exempt
	if f.IP.IsValid() {
		result.IP = f.IP.String()
	}
	r.testify(&result, c, &f)
	if result.Canary = beside.wait(); result.Canary == uptime.CanaryPassed && f.Reason.Network() {
		result.Canary = r.canary.since(work, ended).wait()
	}
	r.finish(l, e, result)
}

// result returns what every result of a check says.
func (r *Runner) result(c *uptime.Check, started uptime.Instant) uptime.Result {
	return uptime.Result{
		Monitor: c.Monitor, Revision: c.Revision, Region: r.cfg.Region, Due: c.Due, Started: started,
		Late: started.Sub(c.Due), Request: c.Request,
		Site: r.cfg.Site, Worker: r.cfg.Worker,
	}
}

func (r *Runner) finish(l *lane, e queue.Entry, result uptime.Result) {
	r.m.finished(&result, e.Check.Kind, r.prober.Supports(e.Check.Kind))
	l.commits.add(queue.Finished{Entry: e, Result: result})
}
