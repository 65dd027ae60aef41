package uptime

import "fmt"

// Reason is the enumerated cause of a failed (or not counted) check. The text is
// what the API, the metrics and the ticks carry; free text only ever accompanies it.
// Values are stable: they are stored and travel in messages by number.
type Reason uint8

// The reasons, grouped by the layer that they speak of.
const (
	ReasonNone Reason = iota // the check passed

	ReasonDNS            // the name did not resolve
	ReasonConnectRefused // the peer refused the connection
	ReasonConnectTimeout // no connection within the timeout
	ReasonConnect        // any other failure to connect: no route, unreachable, reset while connecting
	ReasonTLS            // handshake or certificate
	ReasonTimeout        // connected, but no complete answer within the timeout
	ReasonReset          // the connection broke before the answer was complete
	ReasonProtocol       // the answer is not of the protocol
	ReasonStatus         // an answer with an unexpected status
	ReasonAssertion      // an answer that fails an assertion
	ReasonBodyTooLarge   // more bytes (or a higher compression ratio) than a probe reads
	ReasonHeaderTooLarge // more header bytes than a probe reads
	ReasonRedirect       // too many redirects, a loop, or a redirect to something not HTTP

	ReasonBlockedTarget // the dial guard denies the address
	ReasonUnsupported   // this worker cannot run this kind of check
	ReasonPanic         // the probe itself panicked
	ReasonExpired       // taken from the queue too late to be run
	ReasonInvalid       // a message that cannot be run
	ReasonNoWorker      // no live worker in the region
	ReasonSilent        // a heartbeat that did not come

	// Finer causes of the layers above, where the field has a word for them.

	ReasonNXDomain        // the name does not exist, or has no address
	ReasonServFail        // the name server could not answer: SERVFAIL, or a server that refuses
	ReasonCertExpired     // the certificate's time is over
	ReasonCertNotYetValid // the certificate's time has not begun
	ReasonCertName        // the certificate is for another name
	ReasonCertUntrusted   // the certificate is self-signed or of an unknown authority
	ReasonCertPin         // no certificate of the chain has a pinned key
	ReasonTLSVersion      // no protocol version that both sides accept
	ReasonAuth            // the target refuses the credentials
	ReasonDomainExpired   // the registration of the domain is over
	ReasonRegistry        // the registry could not be asked, which says nothing about the domain
	ReasonReported        // the job itself says that it failed

	reasonCount
)

var reasonNames = [reasonCount]string{
	"", "dns", "connect_refused", "connect_timeout", "connect", "tls", "timeout", "reset", "protocol",
	"status", "assertion", "body_too_large", "header_too_large", "redirect", "blocked_target",
	"unsupported", "panic", "expired", "invalid", "no_worker", "silent",
	"nxdomain", "servfail", "certificate_expired", "certificate_not_yet_valid", "certificate_name",
	"certificate_untrusted", "certificate_pin", "tls_version", "auth", "domain_expired", "registry", "reported",
}

var reasonPhrases = [reasonCount]string{
	"", "DNS failure", "connection refused", "connect timeout", "cannot connect", "TLS failure", "timeout",
	"connection reset", "protocol error", "unexpected status", "assertion failed", "body too large",
	"headers too large", "bad redirect", "blocked target", "unsupported check", "probe panicked",
	"expired", "invalid message", "no worker", "no heartbeat",
	"no such host", "DNS server failure", "certificate expired", "certificate not yet valid", "certificate for another name",
	"untrusted certificate", "certificate not pinned", "no common TLS version", "credentials refused", "domain expired",
	"registry not reachable", "reported failure",
}

// String returns the stable name, empty for [ReasonNone].
func (r Reason) String() string {
	if r < reasonCount {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason_%d", uint8(r))
}

// Phrase returns the reason in a few words for people, as in "connect timeout".
func (r Reason) Phrase() string {
	if r < reasonCount {
		return reasonPhrases[r]
	}
	return r.String()
}

// ParseReason reads a stable name; unknown ones are an error.
func ParseReason(s string) (Reason, error) {
	for r, name := range reasonNames {
		if name == s {
			return Reason(r), nil
		}
	}
	return 0, fmt.Errorf("unknown reason %q", s)
}

// Network tells whether the cause may lie in the prober's own network rather than
// in the target: the class of failures that a canary can excuse.
func (r Reason) Network() bool {
	switch r {
	case ReasonDNS, ReasonConnectTimeout, ReasonConnect, ReasonTimeout, ReasonReset, ReasonConnectRefused, ReasonTLS,
		ReasonNXDomain, ReasonServFail, ReasonCertName, ReasonCertUntrusted, ReasonTLSVersion:
		return true // a captive portal or a firewall in between shows names and certificates of its own
	default:
		return false
	}
}

// MarshalText implements [encoding.TextMarshaler].
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *Reason) UnmarshalText(b []byte) error {
	v, err := ParseReason(string(b))
	if err == nil {
		*r = v
	}
	return err
}
