package auth_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/services/api/internal/auth"
)

// TestTOTPStep holds codes to RFC 6238, appendix B (its eight digits end in these six).
func TestTOTPStep(t *testing.T) {
	t.Parallel()
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte("12345678901234567890"))
	for _, tt := range []struct {
		at   int64
		code string
		step int64
		ok   bool
	}{
		{59, "287082", 1, true},
		{1111111109, "081804", 37037036, true},
		{1111111111, "050471", 37037037, true},
		{1234567890, "005924", 41152263, true},
		{2000000000, "279037", 66666666, true},
		{20000000000, "353130", 666666666, true},
		{59 + 30, "287082", 1, true}, // a phone that is late
		{59 - 30, "287082", 1, true}, // one that is early
		{59 + 60, "287082", 0, false},
		{59, " 287 082 ", 1, true},
		{59, "287083", 0, false},
		{59, "94287082", 0, false},
		{59, "28708", 0, false},
		{59, "", 0, false},
		{59, "２８７０８２", 0, false},
	} {
		step, ok := auth.TOTPStep(secret, tt.code, time.Unix(tt.at, 0))
		if step != tt.step || ok != tt.ok {
			t.Errorf("%q at %d: step %d, %v; want %d, %v", tt.code, tt.at, step, ok, tt.step, tt.ok)
		}
	}
	if _, ok := auth.TOTPStep("no base32!", "287082", time.Unix(59, 0)); ok {
		t.Error("a code of no secret")
	}
}

func TestRecoveryCodesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	codes, hashes := auth.NewRecoveryCodes()
	for i, code := range codes {
		for _, written := range []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), strings.ReplaceAll(code, "-", " "), " " + code + " "} {
			if hash, ok := auth.ParseRecoveryCode(written); !ok || string(hash) != string(hashes[i]) {
				t.Errorf("%q is not %q", written, code)
			}
		}
	}
	for _, bad := range []string{"", "123456", codes[0][:18], codes[0] + "a", strings.Repeat("1", 16), strings.Repeat("é", 8)} {
		if _, ok := auth.ParseRecoveryCode(bad); ok {
			t.Errorf("%q is a recovery code", bad)
		}
	}
}

func FuzzParseRecoveryCode(f *testing.F) {
	codes, _ := auth.NewRecoveryCodes()
	f.Add(codes[0])
	f.Add("123456")
	f.Add("-- --")
	f.Fuzz(func(t *testing.T, text string) {
		hash, ok := auth.ParseRecoveryCode(text)
		if ok != (len(hash) == 32) {
			t.Errorf("%q: %x, %v", text, hash, ok)
		}
	})
}

func FuzzTOTPStep(f *testing.F) {
	f.Add("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082", int64(59))
	f.Fuzz(func(t *testing.T, secret, code string, at int64) {
		if step, ok := auth.TOTPStep(secret, code, time.Unix(at%(1<<40), 0)); ok && len(strings.Join(strings.Fields(code), "")) != 6 {
			t.Errorf("%q is the code of step %d", code, step)
		}
	})
}

func FuzzParseToken(f *testing.F) {
	f.Add(auth.NewToken())
	f.Add("")
	f.Add(strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, text string) {
		hash, ok := auth.ParseToken(text)
		if ok != (len(hash) == 32) || ok && len(text) != 43 {
			t.Errorf("%q: %x, %v", text, hash, ok)
		}
	})
}

func TestThereIsOneTextForEachToken(t *testing.T) {
	t.Parallel()
	token := auth.NewToken()
	if _, ok := auth.ParseToken(token); !ok {
		t.Fatalf("%q is no token", token)
	}
	// The last of 43 characters has two bits to spare.
	same := 0
	for _, last := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if _, ok := auth.ParseToken(token[:42] + string(last)); ok {
			same++
		}
	}
	if same != 16 {
		t.Errorf("%d texts with one beginning are tokens, want 16", same)
	}
	for _, bad := range []string{"", token + "A", token[:42], token[:42] + "=", token[:42] + "\n", " " + token[1:]} {
		if _, ok := auth.ParseToken(bad); ok {
			t.Errorf("%q is a token", bad)
		}
	}
}
