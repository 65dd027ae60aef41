// Package kinds is the one place where kinds of checks are registered: a new kind is
// a package beside this one and a line in [All].
package kinds

import (
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/dnsprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/domainprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/grpcprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/httpprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/icmpprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/smtpprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/tcpprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/tlsprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/udpprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/wsprobe"
)

// All returns every kind that this worker can run.
func All() probe.Kinds {
	return probe.Kinds{
		uptime.KindHTTP:      httpprobe.New,
		uptime.KindDNS:       dnsprobe.New,
		uptime.KindDomain:    domainprobe.New,
		uptime.KindGRPC:      grpcprobe.New,
		uptime.KindWebSocket: wsprobe.New,
		uptime.KindICMP:      icmpprobe.New,
		uptime.KindSMTP:      smtpprobe.New,
		uptime.KindTCP:       tcpprobe.New,
		uptime.KindTLS:       tlsprobe.New,
		uptime.KindUDP:       udpprobe.New,
	}
}
