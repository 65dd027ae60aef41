package runner

import (
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

const (
	// evidenceEvery is how often the same failure of a monitor is sent with evidence: in an
	// outage of everything it is twenty times the rest of a result.
	evidenceEvery = time.Minute
	// maxTold bounds of how many monitors it is remembered what was sent.
	maxTold = 10_000
	// smallEvidence is what a passing check tells somebody who waits for it.
	smallEvidence = 2 << 10
)

// testify puts into a result what the probe saw beside the outcome: of failures, as far
// as that is news, and of any check that somebody waits for.
func (r *Runner) testify(result *uptime.Result, c *uptime.Check, f *probe.Finding) {
	if c.Kind != uptime.KindDNS { // whose certificate is that of the name server
		result.CertificateEnds = f.Evidence.CertificateEnds()
	}
	result.RegistrationEnds = f.Evidence.RegistrationEnds()
	failed := result.Outcome == uptime.OutcomeFail || result.Outcome == uptime.OutcomeDegraded
	switch {
	case f.Evidence == nil:
	case failed && (r.told.news(c.Monitor, result.Reason, result.Started, !c.Request.IsZero()) || c.ReplyTo != ""):
		result.Evidence = f.Testimony(wire.MaxEvidence)
	case !failed && c.ReplyTo != "":
		result.Evidence = f.Testimony(smallEvidence)
	}
}

// told remembers of which failures evidence was sent. It forgets the monitors that have
// not failed for the longest when there are too many: half of them at a time.
type told struct {
	mu          sync.Mutex
	most        int // 0: maxTold
	young, aged map[uptime.ID]telling
}

// telling is the evidence of a monitor that was sent last.
type telling struct {
	reason uptime.Reason
	at     uptime.Instant
}

// news tells whether a failure is to be sent with its evidence, and takes it for sent if
// so: one that differs from the last, or after a minute, or always if it is urgent,
// because verdicts rest on those.
func (t *told) news(monitor uptime.ID, reason uptime.Reason, now uptime.Instant, urgent bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.young[monitor]
	if !known {
		last, known = t.aged[monitor]
	}
	if age := now.Sub(last.at); known && !urgent && last.reason == reason && age >= 0 && age < evidenceEvery {
		return false
	}
	most := t.most
	if most == 0 {
		most = maxTold
	}
	if _, young := t.young[monitor]; !young && len(t.young) >= most/2 {
		t.young, t.aged = nil, t.young
	}
	if t.young == nil {
		t.young = map[uptime.ID]telling{}
	}
	t.young[monitor] = telling{reason, now}
	return true
}
