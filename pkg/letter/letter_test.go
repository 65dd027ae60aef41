package letter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/seal"
)

func TestALetterOpensOnlyAsItsOwnJob(t *testing.T) {
	t.Parallel()
	key, _ := seal.NewKey()
	box, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	want := letter.Letter{Kind: letter.Invitation, To: "ada@example.com", Link: "https://fleet.example/invited/x", At: now, Until: now.Add(time.Hour)}
	args, err := letter.Seal(box, want, now)
	if err != nil {
		t.Fatal(err)
	}
	got, err := letter.Open(box, args)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if strings.Contains(string(args.Sealed), "ada@") || !args.ExpiresAt.Equal(now.Add(letter.Lasts)) {
		t.Errorf("%+v", args)
	}
	other, err := letter.Seal(box, want, now.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	other.Sealed = args.Sealed
	if _, err := letter.Open(box, other); err == nil {
		t.Error("a letter opens as another's job")
	}
}

func TestTextsSayWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	for _, kind := range letter.Kinds {
		l := letter.Letter{
			Kind: kind, To: "ada@example.com", By: "Bob", Organisation: "Acme", Role: "editor", NewEmail: "new@example.com",
			Fleet: "https://fleet.example", Address: "192.0.2.7", At: time.Date(2026, 1, 2, 15, 4, 0, 0, time.UTC),
		}
		text := l.Text()
		if !kind.Known() || text.Subject == "" || len(text.Lines) == 0 || text.Foot == "" || strings.Contains(text.Lines[0], "  ") {
			t.Errorf("%s: %+v", kind, text)
		}
		if news := kind != letter.Invitation && kind != letter.PasswordReset; news != strings.Contains(strings.Join(text.Lines, " "), "192.0.2.7 at 15:04 on 2 January 2026 UTC") {
			t.Errorf("%s: where it was done: %v", kind, text.Lines)
		}
	}
	if letter.Kind("x").Known() {
		t.Error("a kind that there is not")
	}
}

func TestAnInvitationCarriesNobodysMessage(t *testing.T) {
	t.Parallel()
	l := letter.Letter{
		Kind: letter.Invitation, By: "Eve\r\nBcc: everybody@example.com", Role: "admin",
		Organisation: "You won! https://evil.example/" + strings.Repeat("claim your prize ", 50) + "\x1b[31m",
	}
	text := l.Text()
	all := text.Subject + strings.Join(text.Lines, "")
	if strings.ContainsAny(all, "\r\n\x1b") || strings.Contains(all, "://") || len(all) > 500 {
		t.Errorf("%q", all)
	}
}
