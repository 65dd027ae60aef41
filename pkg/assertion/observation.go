package assertion

import (
	"net/http"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Observation is what a probe saw, as far as assertions can look at it. A probe fills
// in what its kind has. Evaluating never changes it and keeps nothing of it.
type Observation struct {
	Status int // 0: none
	// HasStatus says that a Status of 0 is one, as gRPC's OK is.
	HasStatus bool
	Header    http.Header // with canonical keys, as net/http gives them

	Body          []byte
	BodyTruncated bool // the body went on

	Phases uptime.Phases

	HasCertificate  bool
	CertificateDays float64 // until the peer's certificate expires; negative if it has

	DNS []string // answers in presentation form, without TTLs

	Payload          []byte // all that the peer sent, messages concatenated
	PayloadTruncated bool

	RTT  time.Duration // mean of the answered packets; 0: none came back
	Loss float64       // percent

	// Secrets are values that must not show up in failures though the target may echo
	// them: those that the worker unsealed for this check.
	Secrets []string
}
