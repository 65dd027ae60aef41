//go:build integration

package httpapi_test

import (
	"strings"
	"testing"
)

// TestAConfinedKeyImportsWhatIsThereUnseen makes sure that a website that a key does not see
// and cannot make a second time is a conflict, in each of the ways of many at once.
func TestAConfinedKeyImportsWhatIsThereUnseen(t *testing.T) {
	t.Parallel()
	f := newFleet(t, withNamesAndKeys)
	hidden := f.addWebsite(map[string]any{"url": "https://hidden.example", "external_id": "x-1"})
	key := f.confined(map[string]any{"tags": []string{"mine"}})
	for _, item := range []string{
		`{"url":"https://hidden.example","tags":["mine"]}`, `{"url":"https://new.example","external_id":"x-1","tags":["mine"]}`,
	} {
		for path, body := range map[string]string{
			"/v1/import": `{"websites":[` + item + `]}`, "/v1/websites/batch": `{"atomic":true,"items":[{"create":` + item + `}]}`, "/v1/websites": item,
		} {
			a := key.call("POST", path, body)
			if a.status >= 500 || a.status == 201 || strings.Contains(string(a.body), hidden.ID) {
				t.Errorf("%s %s: status %d: %s", path, item, a.status, a.body)
			}
		}
	}
}
