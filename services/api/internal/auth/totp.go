package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// The second factor: codes of six digits for half a minute each, as every authenticator
// app makes them (RFC 6238).
const (
	totpStep   = 30 * time.Second
	totpSkew   = 1 // steps that the phone's clock may be off
	totpDigits = 6
	totpSecret = 20 // bytes; as long as the hash, RFC 4226, section 4
	totpIssuer = "probefleet"
)

// Recovery codes are for who has lost the phone.
const (
	recoveryCodes = 10
	recoveryBytes = 10 // 80 bits: too many to guess, short enough to type
)

var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewTOTP returns a fresh secret for an authenticator app, in base32.
func NewTOTP() string {
	var b [totpSecret]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24.
	return totpText.EncodeToString(b[:])
}

// TOTPURL returns the address by which apps take a secret over.
func TOTPURL(secret, email string) (string, error) {
	raw, err := totpText.DecodeString(secret)
	if err != nil {
		return "", fmt.Errorf("secret of a second factor: %w", err)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: totpIssuer, AccountName: email, Secret: raw, Period: uint(totpStep.Seconds())})
	if err != nil {
		return "", fmt.Errorf("address of a second factor: %w", err)
	}
	return key.URL(), nil
}

// TOTPStep returns the step that a code is of, around a time; false if it is of none.
func TOTPStep(secret, code string, now time.Time) (int64, bool) {
	code = strings.Join(strings.Fields(code), "")
	if len(code) != totpDigits {
		return 0, false
	}
	current, found, ok := now.Unix()/int64(totpStep.Seconds()), int64(0), false
	for step := current - totpSkew; step <= current+totpSkew; step++ {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(step*int64(totpStep.Seconds()), 0), totp.ValidateOpts{
			Period: uint(totpStep.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
		})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found, ok = step, true
		}
	}
	return found, ok
}

// NewRecoveryCodes returns fresh codes and what is stored of them.
func NewRecoveryCodes() (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		var b [recoveryBytes]byte
		_, _ = rand.Read(b[:])
		text := keyText.EncodeToString(b[:]) // 16 letters and digits
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
		sum := sha256.Sum256(b[:])
		hashes = append(hashes, sum[:])
	}
	return codes, hashes
}

// ParseRecoveryCode returns what is stored of a recovery code, written with or without
// dashes, spaces and capitals; false for what is none.
func ParseRecoveryCode(text string) (hash []byte, ok bool) {
	text = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(text))
	if len(text) != keyText.EncodedLen(recoveryBytes) {
		return nil, false
	}
	b, err := keyText.DecodeString(text)
	if err != nil || len(b) != recoveryBytes {
		return nil, false
	}
	sum := sha256.Sum256(b)
	return sum[:], true
}

// quiet is the margin of a QR code, in modules (ISO/IEC 18004).
const quiet = 4

// QRCode draws a text as an SVG image, black on white whatever it lies on.
func QRCode(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var b strings.Builder
	side := size + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`, side, side)
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`, side, side)
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}
