package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a password's hash: argon2id with the first of the parameters that OWASP
// recommends (Password Storage Cheat Sheet), 46 MiB and one pass.
const (
	argonMemoryKiB = 46 * 1024
	argonPasses    = 1
	argonLanes     = 1
	argonSalt      = 16
	argonKey       = 32
)

// Bounds of the parameters of a stored hash, so that a row cannot make the process
// take all memory.
const (
	maxMemoryKiB = 1 << 20
	maxPasses    = 16
)

// MinPassword and MaxPassword bound the length of a password in bytes.
const (
	MinPassword = 10
	MaxPassword = 1024
)

// ErrHash is returned for a stored hash that cannot be read.
var ErrHash = errors.New("not an argon2id hash")

// HashPassword returns the hash of a password in PHC form.
func HashPassword(password string) (string, error) {
	if len(password) < MinPassword || len(password) > MaxPassword {
		return "", fmt.Errorf("a password must have %d to %d characters", MinPassword, MaxPassword)
	}
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // crypto/rand.Read never fails since Go 1.24.
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemoryKiB, argonLanes, argonKey)
	return phc(salt, key), nil
}

// phc writes a hash in the form of the Password Hashing Competition.
func phc(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemoryKiB, argonPasses, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// CheckPassword tells whether a password has the hash.
func CheckPassword(password, hash string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false, ErrHash
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, ErrHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false, ErrHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, ErrHash
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < 16 || len(want) > 128 || memory > maxMemoryKiB || passes < 1 || passes > maxPasses || lanes < 1 {
		return false, ErrHash
	}
	if len(password) > MaxPassword {
		return false, nil
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
