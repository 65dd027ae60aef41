package probe

import (
	"context"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Judge tests what an attempt observed by the assertions of its check (their JSON) and
// puts the outcome into the finding; one that has failed already stays as it is. Call
// it with the phases complete, since assertions look at them. If it is not its turn
// before ctx ends, the time of the check was too short.
func (e *Env) Judge(ctx context.Context, f *Finding, kind uptime.Kind, raw []byte, obs *assertion.Observation) {
	if f.Reason != uptime.ReasonNone || len(raw) == 0 {
		return
	}
	set, err := e.Assertions.Compile(kind, raw)
	if err != nil {
		f.Reason, f.Final, f.Detail = uptime.ReasonInvalid, true, err.Error()
		return
	}
	if set.Len() == 0 {
		return
	}
	obs.Phases, obs.Secrets = f.Phases, f.Secrets
	var report assertion.Report
	if !Effort(ctx, len(obs.Body)+len(obs.Payload), func() { report = set.EvaluateWithin(ctx, obs) }) || report.Cut {
		f.Reason, f.Final = uptime.ReasonTimeout, true
		f.Detail = "the answer came, but within the timeout this worker, which has many to look at, did not get through its assertions"
		return
	}
	if report.Outcome == uptime.OutcomePass {
		return
	}
	f.Reason, f.Detail, f.Final = report.Reason(), report.Detail(), true
	f.Degraded = report.Outcome == uptime.OutcomeDegraded
	f.evidence().Failures = report.Failures
}

// Asserts tells whether the assertions of a check look at a source, so that a kind
// need not wait for, or keep, what nobody asks for.
func (e *Env) Asserts(kind uptime.Kind, raw []byte, source assertion.Source) bool {
	if len(raw) == 0 {
		return false
	}
	set, err := e.Assertions.Compile(kind, raw)
	return err == nil && set.Uses(source)
}

// evidence returns what the finding's evidence is written to.
func (f *Finding) evidence() *Evidence {
	if f.Evidence == nil {
		f.Evidence = &Evidence{}
	}
	return f.Evidence
}

// Invert makes a monitor that is upside down of one that is not: a failure of the
// target is a pass, and an answer a failure. What says nothing about the target, or
// was refused by the guard, stays as it is.
func (f *Finding) Invert() {
	switch f.Reason {
	case uptime.ReasonNone:
		f.Reason, f.Degraded, f.Final = uptime.ReasonAssertion, false, true
		f.Detail = "the target answers as it should, which this monitor, being upside down, takes for a failure"
	case uptime.ReasonUnsupported, uptime.ReasonInvalid, uptime.ReasonRegistry, uptime.ReasonPanic, uptime.ReasonBlockedTarget,
		uptime.ReasonExpired, uptime.ReasonNoWorker:
	default:
		f.Reason, f.Degraded, f.Detail = uptime.ReasonNone, false, ""
	}
}
