package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

func TestNewKeysAreKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		key := auth.NewKey()
		prefix, err := auth.ParseKey(key)
		if err != nil || len(prefix) != 8 || len(key) < 60 || seen[key] || seen[prefix] {
			t.Fatalf("key %q: prefix %q, %v", key, prefix, err)
		}
		seen[key], seen[prefix] = true, true
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	hex := strings.Repeat("0123456789abcdef", 4)
	for _, good := range []string{"pf_abcdefgh_" + hex, "pf_0123456789abcdef_" + hex, "pf_abcdefgh_" + hex[:43], "pf_abcdefgh_" + strings.Repeat("aB_-", 11)} {
		if _, err := auth.ParseKey(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "pf_", hex, "pf_abcdefg_" + hex, "pf_abcdefghijklmnopq_" + hex, "PF_abcdefgh_" + hex, "pf_ABCDEFGH_" + hex, "pf_abcdefgh_" + hex[:42],
		"pf_abcdefgh_" + hex + hex + hex, "pf_abcdefgh_" + hex + " ", "pf_abcdefgh_" + hex + "\n", "pf_abcdefgh" + hex, "pf_abcdefgh_" + strings.Repeat("0", 64), "sk_abcdefgh_" + hex,
	} {
		if prefix, err := auth.ParseKey(bad); err == nil {
			t.Errorf("%q is taken for a key with prefix %q", bad, prefix)
		}
	}
}

// store is a table of keys that counts how often it is asked.
type store struct {
	keys  map[string]postgres.APIKey
	asked int
	touch []time.Time
	err   error
}

func (s *store) APIKeyByPrefix(_ context.Context, prefix string) (postgres.APIKey, error) {
	s.asked++
	k, ok := s.keys[prefix]
	if s.err != nil {
		return k, s.err
	}
	if !ok {
		return k, postgres.ErrNotFound
	}
	return k, nil
}

func (s *store) TouchAPIKey(_ context.Context, _ uptime.ID, at time.Time) error {
	s.touch = append(s.touch, at)
	return errors.New("that it cannot be written is no reason to refuse the call")
}

func key(prefix string) string { return "pf_" + prefix + "_" + strings.Repeat("0123456789abcdef", 4) }

func (s *store) add(prefix string, change func(*postgres.APIKey)) {
	k := postgres.APIKey{ID: uptime.NewID(time.Now()), Prefix: prefix, Hash: auth.Hash(key(prefix)), Scopes: []string{"read"}}
	change(&k)
	s.keys[prefix] = k
}

func TestCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{keys: map[string]postgres.APIKey{}}
		s.add("goodgood", func(*postgres.APIKey) {})
		s.add("later000", func(k *postgres.APIKey) { k.ExpiresAt = time.Now().Add(time.Minute) })
		s.add("expired0", func(k *postgres.APIKey) { k.ExpiresAt = time.Now() })
		s.add("revoked0", func(k *postgres.APIKey) { k.RevokedAt = time.Now() })
		keys := auth.NewKeys(s, nil)
		for text, ok := range map[string]bool{
			key("goodgood"): true, key("later000"): true, key("expired0"): false, key("revoked0"): false, key("unknown0"): false,
			key("goodgood")[:len(key("goodgood"))-1] + "0": false, key("goodgood") + "0": false, "": false, "goodgood": false, "Bearer " + key("goodgood"): false,
		} {
			got, err := keys.Check(t.Context(), text)
			if ok != (err == nil) || err != nil && !errors.Is(err, auth.ErrDenied) || ok && got.Prefix == "" {
				t.Errorf("%q: %v, %v", text, got.Prefix, err)
			}
		}
		// A key that expires does so at once, whatever is remembered of it.
		time.Sleep(time.Minute)
		if _, err := keys.Check(t.Context(), key("later000")); !errors.Is(err, auth.ErrDenied) {
			t.Errorf("expired meanwhile: %v", err)
		}
	})
}

func TestKeysAreRememberedForAWhileOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{keys: map[string]postgres.APIKey{}}
		s.add("goodgood", func(*postgres.APIKey) {})
		keys := auth.NewKeys(s, nil)
		begun := time.Now()
		for range 100 {
			if _, err := keys.Check(t.Context(), key("goodgood")); err != nil {
				t.Fatal(err)
			}
		}
		if s.asked != 1 {
			t.Errorf("the store was asked %d times for 100 calls", s.asked)
		}
		s.add("goodgood", func(k *postgres.APIKey) { k.RevokedAt = time.Now() })
		for {
			if _, err := keys.Check(t.Context(), key("goodgood")); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("a revoked key worked for %v", took)
		}
		// One that was not there is looked for again soon: it may have been made.
		if _, err := keys.Check(t.Context(), key("newnewne")); !errors.Is(err, auth.ErrDenied) {
			t.Fatal(err)
		}
		s.add("newnewne", func(*postgres.APIKey) {})
		time.Sleep(time.Second)
		if _, err := keys.Check(t.Context(), key("newnewne")); err != nil {
			t.Errorf("made a second ago: %v", err)
		}
		s.err = errors.New("database away")
		time.Sleep(time.Minute)
		if _, err := keys.Check(t.Context(), key("newnewne")); !errors.Is(err, s.err) || errors.Is(err, auth.ErrDenied) {
			t.Errorf("without a database: %v", err)
		}
	})
}

func TestUseIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{keys: map[string]postgres.APIKey{}}
		s.add("goodgood", func(*postgres.APIKey) {})
		keys := auth.NewKeys(s, nil)
		var want []time.Time
		for i := range 180 {
			if i%60 == 0 {
				want = append(want, time.Now())
			}
			if _, err := keys.Check(t.Context(), key("goodgood")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if diff := cmp.Diff(want, s.touch); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	hash, err := auth.HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := auth.HashPassword("correct horse"); again == hash {
		t.Error("two hashes of one password are the same: no salt")
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=47104,t=1,p=1$") || strings.Contains(hash, "horse") {
		t.Errorf("hash %s", hash)
	}
	for password, want := range map[string]bool{"correct horse": true, "correct hors": false, "": false, strings.Repeat("x", 2000): false} {
		if got, err := auth.CheckPassword(password, hash); got != want || err != nil {
			t.Errorf("%.20q: %v, %v", password, got, err)
		}
	}
	for _, short := range []string{"", "123456789", strings.Repeat("x", 1025)} {
		if _, err := auth.HashPassword(short); err == nil {
			t.Errorf("%.20q is taken for a password", short)
		}
	}
	for _, bad := range []string{
		"", "plain", "$2a$10$abc", "$argon2id$v=19$m=1,t=1,p=1$AAAA", "$argon2id$v=18$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=8,t=1,p=1$!$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
	} {
		if ok, err := auth.CheckPassword("x", bad); ok || !errors.Is(err, auth.ErrHash) {
			t.Errorf("hash %q: %v, %v", bad, ok, err)
		}
	}
}

func TestRotatedKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{keys: map[string]postgres.APIKey{}}
		s.add("goodgood", func(*postgres.APIKey) {})
		keys := auth.NewKeys(s, nil)
		works := func(text string) bool {
			t.Helper()
			_, err := keys.Check(t.Context(), text)
			if err != nil && !errors.Is(err, auth.ErrDenied) {
				t.Fatal(err)
			}
			return err == nil
		}
		if !works(key("goodgood")) {
			t.Fatal("a key does not work")
		}
		time.Sleep(time.Second)
		next := auth.NewSecret("goodgood")
		s.add("goodgood", func(k *postgres.APIKey) {
			k.PreviousHash, k.PreviousUntil, k.Hash = k.Hash, time.Now().Add(time.Minute), auth.Hash(next)
		})
		// The new one is not what is remembered, so that is looked up again; the old one overlaps.
		if !works(next) || !works(key("goodgood")) {
			t.Error("a rotated key does not overlap")
		}
		asked := s.asked
		for range 100 {
			works(auth.NewSecret("goodgood"))
		}
		if s.asked != asked {
			t.Errorf("100 guesses within a second asked the store %d times", s.asked-asked)
		}
		time.Sleep(time.Minute)
		if works(key("goodgood")) || !works(next) {
			t.Error("the overlap does not end")
		}
		s.add("goodgood", func(k *postgres.APIKey) { k.RevokedAt = time.Now() })
		keys.Forget("goodgood")
		if works(next) {
			t.Error("a revoked key works where it was forgotten")
		}
	})
}
