package link_test

import (
	"bytes"
	"testing"

	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// FuzzMatcher holds that whatever a target says, in whichever pieces, expressions find in
// it what they would find in the whole, without a panic and within bounds.
func FuzzMatcher(f *testing.F) {
	f.Add(`^220 (?P<name>\S+)`, []byte("220 mail.test ESMTP\r\n"), 3, false)
	f.Add(`(a*)*b|(?:a{0,30}){15}b`, bytes.Repeat([]byte("a"), 300), 7, false)
	f.Add(`ff(00)+`, []byte("\xff\x00\x00\xfe"), 1, true)
	f.Add(`(?s).`, []byte("\xff\xfe\x00\xc3("), 2, false)
	f.Add(`$`, []byte{}, 1, true)
	f.Fuzz(func(t *testing.T, expression string, said []byte, piece int, hex bool) {
		encoding := "text"
		if hex {
			encoding = "hex"
		}
		m, err := link.NewMatcher(expression, encoding, []string{"hidden"})
		if err != nil {
			return
		}
		piece = max(1, piece)
		for rest := said; len(rest) > 0; {
			n := min(piece, len(rest))
			if !m.Add(rest[:n]) {
				if len(said) <= link.MaxPayload {
					t.Fatal("too much before there was")
				}
				_ = m.Flooded().Error()
				return
			}
			rest = rest[n:]
		}
		found, ok := m.Look(t.Context())
		if m.Unseen() {
			t.Fatal("looked, and has not seen")
		}
		if ok && (found.End < 0 || found.End > len(m.Bytes())) {
			t.Fatalf("ends at %d of %d", found.End, len(m.Bytes()))
		}
		whole, err := link.NewMatcher(expression, encoding, nil)
		if err != nil || !whole.Add(said) {
			t.Fatal(err)
		}
		if again, same := whole.Look(t.Context()); same != ok || again.End != found.End {
			t.Fatalf("%v at %d in pieces, %v at %d as a whole", ok, found.End, same, again.End)
		}
		if text := m.Mismatch().Error(); len(text) > 1200 {
			t.Fatalf("says %d bytes", len(text))
		}
	})
}
