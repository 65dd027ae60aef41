package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/seal"
)

func box(t *testing.T, keys ...seal.Key) *seal.Box {
	t.Helper()
	b, err := seal.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpensOnlyWhereItBelongs(t *testing.T) {
	t.Parallel()
	key, _ := seal.NewKey()
	b := box(t, key)
	sealed := b.Seal([]byte("hunter2"), "org1", "channel1", "secrets")
	if bytes.Contains(sealed, []byte("hunter2")) {
		t.Fatal("the sealed value shows the plain one")
	}
	got, err := b.Open(sealed, "org1", "channel1", "secrets")
	if err != nil || string(got) != "hunter2" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for _, ad := range [][]string{
		{"org2", "channel1", "secrets"}, {"org1", "channel2", "secrets"}, {"org1", "channel1", "other"},
		{"org1channel1", "", "secrets"}, {"org1", "channel1"}, {},
	} {
		if _, err := b.Open(sealed, ad...); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("opened at %q: %v, want %v", ad, err, seal.ErrOpen)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	before, _ := seal.NewKey()
	after, _ := seal.NewKey()
	sealed := box(t, before).Seal([]byte("x"), "a")
	both := box(t, after, before)
	if got, err := both.Open(sealed, "a"); err != nil || string(got) != "x" {
		t.Errorf("with both keys: %q, %v", got, err)
	}
	if _, err := box(t, after).Open(sealed, "a"); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("without its key: %v, want %v", err, seal.ErrUnknownKey)
	}
	if _, err := box(t, before).Open(both.Seal([]byte("x"), "a"), "a"); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("the first key does not seal: %v", err)
	}
	if _, err := seal.New(); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("New() = %v, want %v", err, seal.ErrNoKey)
	}
}

func TestAnyChangedByteIsFound(t *testing.T) {
	t.Parallel()
	key, _ := seal.NewKey()
	b := box(t, key)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "plain")
		ad := rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "ad")
		sealed := b.Seal(plain, ad...)
		if got, err := b.Open(sealed, ad...); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("round trip: %x, %v", got, err)
		}
		i := rapid.IntRange(0, len(sealed)-1).Draw(t, "i")
		sealed[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		if _, err := b.Open(sealed, ad...); err == nil {
			t.Fatalf("opened with byte %d changed", i)
		}
		if _, err := b.Open(sealed[:i], ad...); err == nil {
			t.Fatalf("opened when cut to %d bytes", i)
		}
	})
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	key, text := seal.NewKey()
	for _, s := range []string{text, strings.TrimRight(text, "="), " " + text + "\n", strings.NewReplacer("+", "-", "/", "_").Replace(text)} {
		got, err := seal.ParseKey(s)
		if err != nil || got != key {
			t.Errorf("ParseKey(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "abc", text[:20], text + text, "!" + text[1:]} {
		if _, err := seal.ParseKey(s); !errors.Is(err, seal.ErrKey) {
			t.Errorf("ParseKey(%q) = %v, want %v", s, err, seal.ErrKey)
		}
	}
}

func TestKeyNeverPrinted(t *testing.T) {
	t.Parallel()
	key, text := seal.NewKey()
	printed := fmt.Sprintf("%v %+v %#v %s", key, key, key, key)
	if strings.Contains(printed, text) || len(printed) > 80 {
		t.Errorf("a printed key shows %q", printed)
	}
}

func FuzzOpen(f *testing.F) {
	key, err := seal.ParseKey("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
	if err != nil {
		f.Fatal(err)
	}
	b, err := seal.New(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.Seal([]byte("x"), "a"))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := b.Open(sealed, "b"); err == nil {
			t.Errorf("forged %x", plain)
		}
	})
}
