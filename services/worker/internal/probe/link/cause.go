package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// Failure is an error whose reason is known where it is found.
type Failure struct {
	Reason uptime.Reason
	Detail string
	Final  bool // trying again at once cannot help
}

// Error implements error.
func (e *Failure) Error() string { return e.Detail }

// Failf makes a failure that trying again at once would only repeat.
func Failf(reason uptime.Reason, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Detail: fmt.Sprintf(format, args...), Final: true}
}

// Fail ends the trace with an error: the finding gets its reason.
func (t *Trace) Fail(ctx context.Context, f *probe.Finding, err error) {
	c := Classify(ctx, err, t.Stage())
	t.End(f)
	f.Reason, f.Detail, f.Final = c.Reason, c.Detail, c.Final
}

// Classify names the cause of an error by its type and by how far the attempt got.
func Classify(ctx context.Context, err error, at Stage) Failure {
	detail := rootText(err)
	known, blocked, dns := (*Failure)(nil), (*egress.BlockedError)(nil), (*net.DNSError)(nil)
	switch {
	case errors.As(err, &known):
		return *known
	case errors.As(err, &blocked):
		return Failure{uptime.ReasonBlockedTarget, blocked.Error(), true}
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return timedOut(at)
	case errors.As(err, &dns):
		return lookupFailed(dns)
	case errors.Is(err, syscall.ECONNREFUSED): // over UDP after sending
		return Failure{uptime.ReasonConnectRefused, detail, false}
	case errors.Is(err, syscall.ETIMEDOUT) && at <= StageConnect:
		return Failure{uptime.ReasonConnectTimeout, detail, false}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return Failure{uptime.ReasonConnect, detail, false}
	case isNoAddress(err):
		return Failure{uptime.ReasonDNS, "the name has no address of this version of IP", true}
	case at <= StageConnect:
		return Failure{uptime.ReasonConnect, detail, false}
	}
	if f, ok := tlsFailed(err, detail); ok {
		return f
	}
	switch {
	case at == StageTLS:
		if isReset(err) {
			detail = "the connection broke during the TLS handshake: " + detail
		}
		return Failure{uptime.ReasonTLS, detail, false}
	case isReset(err):
		return Failure{uptime.ReasonReset, detail, false}
	}
	return Failure{uptime.ReasonProtocol, detail, true}
}

// timedOut names what the time ran out on.
func timedOut(at Stage) Failure {
	switch at {
	case StageStart, StageDNS:
		return Failure{uptime.ReasonDNS, "no answer to the lookup within the timeout", false}
	case StageConnect:
		return Failure{uptime.ReasonConnectTimeout, "no connection within the timeout", false}
	case StageTLS:
		return Failure{uptime.ReasonTimeout, "no TLS handshake within the timeout", false}
	case StageSent:
		return Failure{uptime.ReasonTimeout, "no answer within the timeout", false}
	case StageAnswered:
	}
	return Failure{uptime.ReasonTimeout, "no complete answer within the timeout", false}
}

func lookupFailed(e *net.DNSError) Failure {
	switch {
	case e.IsNotFound && !e.IsTemporary && !e.IsTimeout:
		return Failure{uptime.ReasonNXDomain, e.Error(), true}
	case strings.Contains(e.Err, "server misbehaving"): // SERVFAIL and refusals; the resolver tells no more
		return Failure{uptime.ReasonServFail, e.Error(), false}
	}
	return Failure{uptime.ReasonDNS, e.Error(), false}
}

// isNoAddress knows the error of a dialer that has addresses of the other version only.
func isNoAddress(err error) bool {
	e := (*net.AddrError)(nil)
	return errors.As(err, &e) && strings.Contains(e.Err, "no suitable address")
}

// tlsFailed knows errors of crypto/tls, at whatever stage: a server that wants a client
// certificate says so after the handshake. Alerts have no type outside of that package.
func tlsFailed(err error, detail string) (Failure, bool) {
	op, header := (*net.OpError)(nil), tls.RecordHeaderError{}
	switch {
	case errors.As(err, &header):
		return Failure{uptime.ReasonTLS, header.Error(), true}, true
	case errors.As(err, &op) && op.Op == "remote error":
		switch text := op.Err.Error(); {
		case strings.Contains(text, "protocol version"):
			return Failure{uptime.ReasonTLSVersion, detail, true}, true
		case strings.Contains(text, "certificate"), strings.Contains(text, "access denied"):
			// It speaks of ours.
			return Failure{uptime.ReasonAuth, "the server refuses the client certificate, or wants one: " + detail, true}, true
		}
		return Failure{uptime.ReasonTLS, "the server ended it: " + detail, true}, true
	case strings.Contains(detail, "unsupported protocol version"), strings.Contains(detail, "no supported versions"):
		return Failure{uptime.ReasonTLSVersion, detail, true}, true
	case strings.HasPrefix(detail, "tls: "), strings.HasPrefix(detail, "x509: "):
		return Failure{uptime.ReasonTLS, detail, true}, true
	}
	return Failure{}, false
}

// isReset tells a connection that broke from an answer that makes no sense.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// rootText returns what an error says without the layers that only repeat the address.
func rootText(err error) string {
	if errors.Is(err, io.EOF) {
		return "connection closed"
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}
