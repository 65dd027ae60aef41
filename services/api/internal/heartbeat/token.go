// Package heartbeat is where jobs call in: it makes and knows the tokens of heartbeats,
// bounds how often one may call, puts calls where the aggregator reads them, and marks
// there when calls could be taken, without which silence would prove nothing.
//
// A token is known by its hash only. It is neither logged nor passed on.
package heartbeat

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

const (
	tokenPrefix = "hb_" // so that it is known for what it is where it leaks
	tokenBytes  = 20    // 160 bits: nobody guesses one
)

var tokenText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Hash is the SHA-256 of a token, by which it is found.
type Hash [sha256.Size]byte

// NewToken returns a fresh token.
func NewToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24.
	return tokenPrefix + tokenText.EncodeToString(b[:])
}

// HashOf returns the hash of a token; false for text that cannot be one.
func HashOf(token string) (Hash, bool) {
	text, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(text) != tokenText.EncodedLen(tokenBytes) {
		return Hash{}, false
	}
	if _, err := tokenText.DecodeString(text); err != nil {
		return Hash{}, false
	}
	return sha256.Sum256([]byte(token)), true
}
