package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/config"
)

func TestRoots(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, setting := range map[string]string{"PEM": text, "one line": base64.StdEncoding.EncodeToString(der), "file": file} {
		pool, err := config.Roots(setting)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := cert.Verify(x509.VerifyOptions{Roots: pool}); err != nil {
			t.Errorf("%s: it is not trusted: %v", name, err)
		}
	}
	for _, bad := range []string{"AAAA", filepath.Join(t.TempDir(), "none"), "-----BEGIN CERTIFICATE-----\n"} {
		if _, err := config.Roots(bad); err == nil {
			t.Errorf("%q passes for a certificate", bad)
		}
	}
	environ := good()
	environ["REDIS_CA"] = "AAAA"
	if _, err := config.Load[settings](environ); err == nil || !strings.Contains(err.Error(), "REDIS_CA is base64, but of no certificate") {
		t.Errorf("got %v", err)
	}
	if pool, err := config.Roots(""); pool != nil || err != nil {
		t.Errorf("nothing set: %v, %v", pool, err)
	}
}
