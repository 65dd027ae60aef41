package targets

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// Identity is a certificate for servers other than the web server of this package, and
// for clients. The zero value is a good one for loopback.
type Identity struct {
	Names     []string  // host names and addresses; localhost, 127.0.0.1 and ::1
	NotBefore time.Time // an hour ago
	NotAfter  time.Time // in 90 days
}

// NewTestCA makes an authority for as long as a test runs.
func NewTestCA(t testing.TB) *CA {
	t.Helper()
	ca, err := NewCA()
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	return ca
}

// PEM returns the authority's certificate.
func (c *CA) PEM() string { return encodePEM("CERTIFICATE", c.cert.Raw) }

// Issue signs a certificate.
func (c *CA) Issue(t testing.TB, id Identity) tls.Certificate {
	t.Helper()
	return id.sign(t, c)
}

// Intermediate signs an authority that is valid for a time, and returns it with the
// certificate that its servers have to send along.
func (c *CA) Intermediate(t testing.TB, notAfter time.Time) *CA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "probefleet test intermediate"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.cert, &key.PublicKey, c.key)
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	return &CA{Pool: c.Pool, cert: cert, key: key}
}

// Chain appends the authority's own certificate to what it signed.
func (c *CA) Chain(cert tls.Certificate) tls.Certificate {
	cert.Certificate = append(cert.Certificate[:1:1], c.cert.Raw)
	return cert
}

// SelfSigned signs a certificate with its own key.
func SelfSigned(t testing.TB, id Identity) tls.Certificate {
	t.Helper()
	return id.sign(t, nil)
}

func (id Identity) sign(t testing.TB, ca *CA) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "probefleet test identity"},
		NotBefore: id.NotBefore, NotAfter: id.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(90 * 24 * time.Hour)
	}
	names := id.Names
	if names == nil {
		names = []string{"localhost", "127.0.0.1", "::1"}
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	parent, signer := template, key
	if ca != nil {
		parent, signer = ca.cert, ca.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// PEM returns a certificate and its key as text.
func PEM(t testing.TB, c tls.Certificate) (certificate, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	for _, cert := range c.Certificate {
		certificate += encodePEM("CERTIFICATE", cert)
	}
	return certificate, encodePEM("PRIVATE KEY", der)
}

func encodePEM(kind string, der []byte) string {
	var b bytes.Buffer
	_ = pem.Encode(&b, &pem.Block{Type: kind, Bytes: der}) // to memory
	return b.String()
}

// RawTLS serves connections by f after a handshake. It returns host:port.
func RawTLS(t testing.TB, cfg *tls.Config, f func(net.Conn)) string {
	t.Helper()
	return Raw(t, func(c net.Conn) {
		secured := tls.Server(c, cfg)
		if secured.Handshake() == nil {
			f(secured)
			_ = secured.CloseWrite()
		}
	})
}

// HostPort strips the scheme off what [Refused] and [Full] return.
func HostPort(url string) string {
	const scheme = "http://"
	return url[len(scheme):]
}
