package config

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"os"
	"strings"
)

// Roots returns the certificates to trust: the system's, and those that a setting
// names. The setting is PEM text, the base64 inside one PEM block (which fits on the one
// line that an environment file has), or a file's path. Empty means the system's alone,
// for which nil is returned.
func Roots(setting string) (*x509.CertPool, error) {
	if setting == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a container without any
	}
	if der, err := base64.StdEncoding.DecodeString(setting); err == nil {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, errors.New("is base64, but of no certificate")
		}
		pool.AddCert(cert)
		return pool, nil
	}
	text := setting
	if !strings.Contains(text, "-----BEGIN") {
		b, err := os.ReadFile(setting)
		if err != nil {
			return nil, errors.New("is neither a certificate nor a file that can be read")
		}
		text = string(b)
	}
	if !pool.AppendCertsFromPEM([]byte(text)) {
		return nil, errors.New("holds no certificate")
	}
	return pool, nil
}
