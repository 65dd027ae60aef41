package stack

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
)

// CredentialsFile holds what a user of the stack signs in with.
const CredentialsFile = "credentials.env"

// Credentials are made once and kept.
type Credentials struct {
	URL, APIKey, AdminEmail, AdminPassword string
}

// variables are the file's lines, in order.
func (c *Credentials) variables() []struct {
	name  string
	value *string
} {
	return []struct {
		name  string
		value *string
	}{
		{"PROBEFLEET_URL", &c.URL},
		{"PROBEFLEET_API_KEY", &c.APIKey},
		{"PROBEFLEET_ADMIN_EMAIL", &c.AdminEmail},
		{"PROBEFLEET_ADMIN_PASSWORD", &c.AdminPassword},
	}
}

// ReadCredentials reads the file in a stack's directory.
func ReadCredentials(dir string) (Credentials, error) {
	var c Credentials
	b, err := os.ReadFile(filepath.Join(dir, CredentialsFile))
	if err != nil {
		return c, err
	}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		for _, v := range c.variables() {
			if v.name == name {
				*v.value = value
			}
		}
	}
	return c, nil
}

// credentials returns the kept ones, at the given URL, or makes them. What the user
// sets in the environment wins over what would be made.
func credentials(dir, url string, getenv func(string) string) (Credentials, error) {
	c, err := ReadCredentials(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	c.URL = url
	if c.APIKey == "" {
		c.APIKey = first(getenv("BOOTSTRAP_API_KEY"), newAPIKey())
	}
	if c.AdminEmail == "" {
		c.AdminEmail = first(getenv("ADMIN_EMAIL"), "admin@probefleet.local")
	}
	if c.AdminPassword == "" {
		c.AdminPassword = first(getenv("ADMIN_PASSWORD"), random(12))
	}
	return c, c.write(dir)
}

// write keeps the credentials for their owner alone.
func (c *Credentials) write(dir string) error {
	var text strings.Builder
	for _, v := range c.variables() {
		fmt.Fprintf(&text, "%s=%s\n", v.name, *v.value)
	}
	return engines.WritePrivate(filepath.Join(dir, CredentialsFile), text.String())
}

// newAPIKey has the shape of every key: a public part to find it by, 256 secret bits.
func newAPIKey() string { return "pf_" + random(6) + "_" + random(32) }

// random returns n random bytes in hexadecimal.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// key returns the 32 byte key kept in a file, in base64; it is made the first time.
func key(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	k := base64.StdEncoding.EncodeToString(raw)
	return k, engines.WritePrivate(path, k+"\n")
}
