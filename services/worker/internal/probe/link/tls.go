package link

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// Handshakes makes the TLS configuration of one attempt, and keeps what the last peer
// showed, also where it was not good enough.
type Handshakes struct {
	pins      []string
	protocols []string

	mu      sync.Mutex
	last    *probe.Certificate
	lacking bool // the server asked for a client certificate, and there is none
}

// Certificate returns what the last peer showed, nil before any.
func (h *Handshakes) Certificate() *probe.Certificate {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// Pin demands that the chain has one of these keys (base64 of the SHA-256 of an SPKI).
func (h *Handshakes) Pin(pins []string) { h.pins = pins }

// Offer names protocols to agree on (ALPN).
func (h *Handshakes) Offer(protocols ...string) { h.protocols = protocols }

// Observe puts what the last peer showed into an observation and into the evidence.
func (h *Handshakes) Observe(obs *assertion.Observation, e *probe.Evidence) {
	if cert := h.Certificate(); cert != nil {
		obs.HasCertificate, obs.CertificateDays = true, cert.Days
		e.Certificate = cert
	}
}

// Config returns the configuration for handshakes with a host (a name or an address).
// Certificates are verified by this package, not by crypto/tls, so that each way of
// being wrong has its reason and what was shown is kept.
func (h *Handshakes) Config(env *probe.Env, s *monitorspec.ClientTLS, host string) (*tls.Config, error) {
	cfg := &tls.Config{
		ServerName: host,
		NextProtos: h.protocols,
		// Older versions are offered so that a server which has no other is told apart from
		// one that fails; examine refuses them before anything is sent.
		MinVersion: tls.VersionTLS10,
		// Measured: the default hybrid key share makes a handshake a third dearer.
		CurvePreferences:       []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384},
		SessionTicketsDisabled: true,
		InsecureSkipVerify:     true, //nolint:gosec // examine verifies
	}
	if s.ServerName != "" {
		cfg.ServerName = s.ServerName
	}
	roots := env.Roots
	if s.CA != "" {
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(s.CA)) {
			return nil, Failf(uptime.ReasonInvalid, "settings: no certificate in tls.ca")
		}
	}
	if s.Certificate != "" {
		pair, err := tls.X509KeyPair([]byte(s.Certificate), []byte(s.Key))
		if err != nil {
			return nil, Failf(uptime.ReasonInvalid, "settings: tls.certificate and tls.key do not go together")
		}
		cfg.Certificates = []tls.Certificate{pair}
	} else {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.lacking = true
			return &tls.Certificate{}, nil
		}
	}
	name := cfg.ServerName
	cfg.VerifyConnection = func(state tls.ConnectionState) error { return h.examine(&state, s, name, roots) }
	return cfg, nil
}

// examine looks at a peer's certificates and at the version.
func (h *Handshakes) examine(state *tls.ConnectionState, s *monitorspec.ClientTLS, name string, roots *x509.CertPool) error {
	certs, now := state.PeerCertificates, time.Now()
	if len(certs) == 0 {
		return Failf(uptime.ReasonTLS, "the server showed no certificate")
	}
	shown := summary(state, now)
	chain := certs
	var err error
	if !s.SkipVerify {
		var chains [][]*x509.Certificate
		if chains, err = verify(certs, name, roots, now); err == nil {
			shown.Verified = true
			chain = longestLived(chains)
			shown.NotAfter = expiry(chain)
		}
	}
	shown.Days = shown.NotAfter.Sub(now).Hours() / 24
	h.mu.Lock()
	h.last = shown
	h.mu.Unlock()
	switch {
	case state.Version < s.VersionNumber():
		return Failf(uptime.ReasonTLSVersion, "%s, at least TLS %s is wanted", tls.VersionName(state.Version), orDefault(s.MinVersion, "1.2"))
	case err != nil:
		return unverified(err, certs[0], now)
	case len(h.pins) > 0 && !slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return slices.Contains(h.pins, spki(c)) }):
		return Failf(uptime.ReasonCertPin, "no certificate of the chain has a pinned key; the server's own has %s", shown.SPKI)
	}
	return nil
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func verify(certs []*x509.Certificate, name string, roots *x509.CertPool, now time.Time) ([][]*x509.Certificate, error) {
	opts := x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now, Intermediates: x509.NewCertPool()}
	if addr := net.ParseIP(name); addr != nil {
		opts.DNSName = "[" + name + "]" // how x509 wants addresses
	}
	for _, c := range certs[1:] {
		opts.Intermediates.AddCert(c)
	}
	return certs[0].Verify(opts)
}

// unverified names what is wrong with a certificate.
func unverified(err error, leaf *x509.Certificate, now time.Time) error {
	invalid, host, authority := x509.CertificateInvalidError{}, x509.HostnameError{}, x509.UnknownAuthorityError{}
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		c := invalid.Cert
		if c == nil {
			c = leaf
		}
		whose := ""
		if !c.Equal(leaf) {
			whose = "of the authority " + clip(c.Subject.CommonName, maxName) + " "
		}
		if now.Before(c.NotBefore) {
			return Failf(uptime.ReasonCertNotYetValid, "the certificate %sis not valid before %s", whose, c.NotBefore.UTC().Format(time.RFC3339))
		}
		return Failf(uptime.ReasonCertExpired, "the certificate %sexpired %s", whose, c.NotAfter.UTC().Format(time.RFC3339))
	case errors.As(err, &host):
		return Failf(uptime.ReasonCertName, "%s", clip(host.Error(), maxDetail))
	case errors.As(err, &authority):
		if bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
			return Failf(uptime.ReasonCertUntrusted, "the certificate is self-signed")
		}
		return Failf(uptime.ReasonCertUntrusted, "%s", clip(authority.Error(), maxDetail))
	}
	return Failf(uptime.ReasonTLS, "%s", clip(err.Error(), maxDetail))
}

// longestLived returns the chain that will hold the longest: one that lasts is enough.
func longestLived(chains [][]*x509.Certificate) []*x509.Certificate {
	return slices.MaxFunc(chains, func(a, b []*x509.Certificate) int { return expiry(a).Compare(expiry(b)) })
}

// expiry is when the first certificate of a chain expires, but for the root, which
// clients have of their own.
func expiry(chain []*x509.Certificate) time.Time {
	first := chain[0].NotAfter
	for _, c := range chain[1:max(len(chain)-1, 1)] {
		if c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}

// Bounds of what is kept of certificates, which hostile servers make up.
const (
	maxNames  = 20
	maxChain  = 6
	maxName   = 128
	maxDetail = 200
)

func summary(state *tls.ConnectionState, now time.Time) *probe.Certificate {
	leaf := state.PeerCertificates[0]
	sum := sha256.Sum256(leaf.Raw)
	c := &probe.Certificate{
		Subject: clip(leaf.Subject.String(), maxName), Issuer: clip(leaf.Issuer.String(), maxName),
		NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(), Days: leaf.NotAfter.Sub(now).Hours() / 24,
		Fingerprint: hex.EncodeToString(sum[:]), SPKI: spki(leaf),
		Version: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite),
	}
	for _, name := range leaf.DNSNames[:min(len(leaf.DNSNames), maxNames)] {
		c.Names = append(c.Names, clip(name, maxName))
	}
	for _, ip := range leaf.IPAddresses[:min(len(leaf.IPAddresses), maxNames-len(c.Names))] {
		c.Names = append(c.Names, ip.String())
	}
	for _, above := range state.PeerCertificates[1:min(len(state.PeerCertificates), maxChain)] {
		c.Chain = append(c.Chain, clip(above.Subject.String(), maxName))
	}
	return c
}

func spki(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// Secure shakes hands on a connection.
func (h *Handshakes) Secure(ctx context.Context, env *probe.Env, t *Trace, conn net.Conn, s *monitorspec.ClientTLS, host string) (*tls.Conn, error) {
	cfg, err := h.Config(env, s, host)
	if err != nil {
		return nil, err
	}
	// What waited for answers before may have left a deadline of its own.
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	t.Return(StageTLS)
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, h.Explain(err) // the stage stays, so that the error is known to be the handshake's
	}
	t.Enter(StageSent)
	return secured, nil
}

// Explain turns an alert that says no more than failure into one that does: a server
// that asked for a client certificate in vain may end the handshake without a word.
func (h *Handshakes) Explain(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if op := (*net.OpError)(nil); h.lacking && errors.As(err, &op) && op.Op == "remote error" {
		return Failf(uptime.ReasonAuth, "the server wants a client certificate: %s", rootText(err))
	}
	return err
}

// HostOf returns the host of host:port.
func HostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
