// Package auth owns who may call: API keys and their checking, the passwords of
// accounts, and what a fleet gets on its first start so that somebody can call at all.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"regexp"
	"strings"
)

// The scopes of a key; each includes the one before it.
const (
	ScopeRead  = "read"
	ScopeWrite = "write"
	ScopeAdmin = "admin"
)

// ErrKeyShape is returned for text that is not an API key.
var ErrKeyShape = errors.New("not an API key: want pf_<8 to 16 letters or digits>_<at least 43 letters, digits, '-' or '_'>")

// keyShape: a public prefix, by which the key is found, and a secret of at least 256
// bits, which 43 characters of base64 have, 52 of base32 and 64 of hexadecimal.
var keyShape = regexp.MustCompile(`^pf_([a-z0-9]{8,16})_([A-Za-z0-9_-]{43,128})$`)

var keyText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewKey returns a fresh key: 40 bits of public prefix, 256 bits of secret.
func NewKey() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24.
	return NewSecret(keyText.EncodeToString(b[:]))
}

// NewSecret returns a fresh key with a prefix that there is already.
func NewSecret(prefix string) string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return "pf_" + prefix + "_" + keyText.EncodeToString(b[:])
}

// ParseKey returns the public prefix of a key.
func ParseKey(key string) (prefix string, err error) {
	m := keyShape.FindStringSubmatch(key)
	if m == nil {
		return "", ErrKeyShape
	}
	if strings.Trim(m[2], m[2][:1]) == "" {
		return "", errors.New("not an API key: its secret is one character repeated")
	}
	return m[1], nil
}

// Hash returns what is stored of a key. A secret of 256 random bits cannot be guessed,
// so a slow hash would protect nothing and cost every call.
func Hash(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}
