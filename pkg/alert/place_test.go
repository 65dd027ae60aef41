package alert_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, target string
		addresses    []string
		certificate  string
		want         []alert.Place
	}{
		{"a website", "https://Shop.test:8443/a?b", []string{"203.0.113.7", "203.0.113.7", "::ffff:203.0.113.7"}, "", []alert.Place{"address 203.0.113.7", "host shop.test"}},
		{"its certificate", "https://shop.test", []string{"2001:db8::1"}, "ab12", []alert.Place{"certificate ab12", "address 2001:db8::1", "host shop.test"}},
		{"a port", "mail.test:25", nil, "", []alert.Place{"host mail.test"}},
		{"a name", "shop.test", nil, "", []alert.Place{"host shop.test"}},
		{"an address", "203.0.113.7", []string{"203.0.113.7"}, "", []alert.Place{"address 203.0.113.7"}},
		{"the address of a URL", "http://[2001:db8::1]:80/", nil, "", []alert.Place{"address 2001:db8::1"}},
		{"an address for each region", "a.test", []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"}, "", []alert.Place{
			"address 10.0.0.1", "address 10.0.0.2", "address 10.0.0.3", "address 10.0.0.4", "host a.test",
		}},
		{"nothing was dialled", "https://shop.test", []string{"", "nonsense"}, "", []alert.Place{"host shop.test"}},
		{"no target", "", nil, "", nil},
		{"no place", "what is this", nil, "", nil},
	} {
		if diff := cmp.Diff(tt.want, alert.Places(tt.target, tt.addresses, tt.certificate)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestPlacesInWords(t *testing.T) {
	t.Parallel()
	for place, want := range map[alert.Place]string{
		"address 203.0.113.7": "on 203.0.113.7", "host shop.test": "on shop.test", "": "", "moon": "", "planet mars": "",
		"certificate 0123456789abcdef0123456789abcdef": "with certificate 0123456789abc…",
	} {
		if got := place.Phrase(); got != want {
			t.Errorf("%q: %q, want %q", place, got, want)
		}
	}
}
