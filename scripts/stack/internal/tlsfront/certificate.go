// Package tlsfront lets workers elsewhere reach the stack's Redis: it owns a private
// certificate authority and forwards what comes in by TLS to the loopback address.
// Redis itself keeps listening there only.
package tlsfront

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
)

// How long certificates are good for. The authority outlives its workers' settings; the
// server's is renewed at a start within renewBefore of its end.
const (
	authorityTime = 10 * 365 * 24 * time.Hour
	serverTime    = 397 * 24 * time.Hour
	renewBefore   = 60 * 24 * time.Hour
)

// Files are where the certificates are kept; keys are for their owner only.
type Files struct{ Authority, authorityKey, Cert, Key string }

// At returns the files in a directory.
func At(dir string) Files {
	return Files{
		Authority: filepath.Join(dir, "ca.pem"), authorityKey: filepath.Join(dir, "ca.key"),
		Cert: filepath.Join(dir, "server.pem"), Key: filepath.Join(dir, "server.key"),
	}
}

// OneLine returns the authority's certificate as the base64 inside its PEM block, as an
// environment file can hold it.
func (f Files) OneLine() (string, error) {
	cert, err := readCert(f.Authority)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(cert.Raw), nil
}

// Ensure makes the authority once, and a server certificate for the hosts whenever the
// one that is there is not good for them any more.
func Ensure(dir string, hosts []string, now time.Time) (Files, error) {
	f := At(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return f, err
	}
	authority, err := readCert(f.Authority)
	if errors.Is(err, fs.ErrNotExist) {
		template := &x509.Certificate{
			Subject: pkix.Name{CommonName: "probefleet private authority"}, NotAfter: now.Add(authorityTime),
			IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		}
		if err = issue(template, nil, nil, f.Authority, f.authorityKey, now); err == nil {
			authority, err = readCert(f.Authority)
		}
	}
	if err != nil {
		return f, err
	}
	if server, err := readCert(f.Cert); err == nil && good(server, authority, hosts, now) {
		return f, nil
	}
	signer, err := readKey(f.authorityKey)
	if err != nil {
		return f, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "probefleet redis"}, NotAfter: now.Add(serverTime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	return f, issue(template, authority, signer, f.Cert, f.Key, now)
}

func good(server, authority *x509.Certificate, hosts []string, now time.Time) bool {
	if now.Add(renewBefore).After(server.NotAfter) || server.CheckSignatureFrom(authority) != nil {
		return false
	}
	for _, h := range hosts {
		if server.VerifyHostname(h) != nil {
			return false
		}
	}
	return true
}

// issue makes a key and a certificate for it, signed by the parent, or by itself
// without one.
func issue(template, parent *x509.Certificate, signer *ecdsa.PrivateKey, certFile, keyFile string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if parent == nil {
		parent, signer = template, key
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	template.SerialNumber, template.NotBefore = serial, now.Add(-time.Hour) // clocks elsewhere may lag
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := engines.WritePrivate(keyFile, string(keyPEM)); err != nil {
		return err
	}
	return engines.WritePrivate(certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func readCert(file string) (*x509.Certificate, error) {
	der, err := readPEM(file)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func readKey(file string) (*ecdsa.PrivateKey, error) {
	der, err := readPEM(file)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	own, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds another kind of key", file)
	}
	return own, nil
}

func readPEM(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM", file)
	}
	return block.Bytes, nil
}
