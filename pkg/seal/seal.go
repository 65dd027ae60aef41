// Package seal keeps secrets at rest and in messages: AES-256-GCM under named keys,
// bound by additional data to the place where they belong (tenant, object, field),
// so that a sealed value copied to another row does not open. The first key of a
// [Box] seals and every key opens, which is how keys are rotated.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// KeyBytes is the length of a key.
const KeyBytes = 32

const (
	version   = 1
	keyIDSize = 4
	nonceSize = 12
	tagSize   = 16
	headSize  = 1 + keyIDSize + nonceSize
)

// Overhead is how many bytes longer a sealed value is than the plain one.
const Overhead = headSize + tagSize

var (
	// ErrKey is returned for text that is not the base64 form of 32 bytes.
	ErrKey = errors.New("not a sealing key: want base64 of 32 bytes")
	// ErrNoKey is returned by [New] without keys.
	ErrNoKey = errors.New("no sealing key")
	// ErrUnknownKey is returned for a value sealed under a key that the box does not have.
	ErrUnknownKey = errors.New("sealed under an unknown key")
	// ErrOpen is returned for a value that was changed, cut short, or sealed for another place.
	ErrOpen = errors.New("sealed value does not open here")
)

// Key is one sealing key. Its id, derived from it, travels with what it sealed.
type Key struct {
	id  [keyIDSize]byte
	key [KeyBytes]byte
}

// String never shows the key.
func (k Key) String() string { return fmt.Sprintf("key %x", k.id) }

// GoString never shows the key.
func (k Key) GoString() string { return k.String() }

// ParseKey reads the base64 form (standard or URL alphabet, padded or not) of 32 bytes.
func ParseKey(s string) (Key, error) {
	s = strings.TrimRight(strings.TrimSpace(s), "=")
	s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(b) != KeyBytes {
		return Key{}, ErrKey
	}
	return keyOf([KeyBytes]byte(b)), nil
}

// KeyOf returns the key of 32 bytes.
func KeyOf(b []byte) (Key, error) {
	if len(b) != KeyBytes {
		return Key{}, ErrKey
	}
	return keyOf([KeyBytes]byte(b)), nil
}

// NewKey returns a fresh random key and its base64 form.
func NewKey() (Key, string) {
	var b [KeyBytes]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24.
	return keyOf(b), base64.StdEncoding.EncodeToString(b[:])
}

func keyOf(b [KeyBytes]byte) Key {
	k := Key{key: b}
	sum := sha256.Sum256(append([]byte("probefleet seal key id\x00"), b[:]...))
	copy(k.id[:], sum[:])
	return k
}

type opener struct {
	id   [keyIDSize]byte
	aead cipher.AEAD
}

// Box seals and opens. It is safe for concurrent use.
type Box struct{ keys []opener }

// New returns a box that seals under the first key and opens what any of them sealed.
func New(keys ...Key) (*Box, error) {
	if len(keys) == 0 {
		return nil, ErrNoKey
	}
	b := &Box{keys: make([]opener, 0, len(keys))}
	for _, k := range keys {
		block, err := aes.NewCipher(k.key[:])
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		b.keys = append(b.keys, opener{id: k.id, aead: aead})
	}
	return b, nil
}

// Seal encrypts plain for the place that ad names: tenant, object, field. The same
// ad, part by part, is needed to open it. The result is version, key id, nonce,
// ciphertext and tag.
func (b *Box) Seal(plain []byte, ad ...string) []byte {
	k := b.keys[0]
	out := make([]byte, headSize, Overhead+len(plain))
	out[0] = version
	copy(out[1:], k.id[:])
	_, _ = rand.Read(out[1+keyIDSize : headSize])
	return k.aead.Seal(out, out[1+keyIDSize:headSize], plain, bind(k.id, ad))
}

// Open decrypts what Seal made for the same place; errors are [ErrOpen] and [ErrUnknownKey].
func (b *Box) Open(sealed []byte, ad ...string) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrOpen
	}
	id := [keyIDSize]byte(sealed[1 : 1+keyIDSize])
	known := false
	for _, k := range b.keys {
		if k.id != id {
			continue
		}
		known = true
		if plain, err := k.aead.Open(nil, sealed[1+keyIDSize:headSize], sealed[headSize:], bind(id, ad)); err == nil {
			return plain, nil
		}
	}
	if !known {
		return nil, ErrUnknownKey
	}
	return nil, ErrOpen
}

// bind encodes the additional data so that no two lists of parts have one encoding:
// every part goes behind its length. The key id is its last part.
func bind(id [keyIDSize]byte, ad []string) []byte {
	var out []byte
	for _, part := range ad {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return append(out, id[:]...)
}
