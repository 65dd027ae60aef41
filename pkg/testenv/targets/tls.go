package targets

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"time"
)

// Certificate is what a server shows. The zero value is a good one for loopback.
type Certificate struct {
	CA      *CA       // who signed it; nil: itself
	Names   []string  // host names; localhost and the loopback addresses
	Expires time.Time // in a year
	HTTP1   bool      // offer no HTTP/2

	made tls.Certificate
}

// CA is an authority of tests.
type CA struct {
	Pool *x509.CertPool // that trusts it

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCA makes an authority.
func NewCA() (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "probefleet test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &CA{Pool: pool, cert: cert, key: key}, nil
}

// make signs the certificate.
func (c *Certificate) make() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	expires := c.Expires
	if expires.IsZero() {
		expires = time.Now().Add(365 * 24 * time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "probefleet test target"},
		NotBefore: expires.Add(-366 * 24 * time.Hour), NotAfter: expires,
		DNSNames: c.Names, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if c.Names == nil {
		template.DNSNames = []string{"localhost"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	parent, signer := template, key
	if c.CA != nil {
		parent, signer = c.CA.cert, c.CA.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return err
	}
	c.made = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return nil
}

func (c *Certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return &c.made, nil
	}}
}

// configureHTTP2 makes the certificate and switches HTTP/2 on or off.
func configureHTTP2(srv *http.Server, c *Certificate) error {
	if err := c.make(); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(!c.HTTP1)
	return nil
}
