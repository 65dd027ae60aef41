//go:build integration

package app

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// post sends a body as a client without a key does, and returns the status.
func post(t *testing.T, at, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func TestOperatorsCanResetAPassword(t *testing.T) {
	database := pgtest.URL(t)
	cfg := settings(t, database)
	cfg.PublicURL = "http://fleet.example"
	base, log, stop := start(t, cfg)
	until(t, "it serves", func() bool { return call(t, "GET", base+"/v1/websites", testKey, "", nil) == 200 })
	if status := post(t, base+"/v1/sessions", `{"email":"admin@example.com","password":"correct horse"}`); status != 201 {
		t.Errorf("the settings' admin: status %d", status)
	}
	t.Setenv("DATABASE_URL", database)
	t.Setenv("PUBLIC_URL", "http://fleet.example/")
	run := func(args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		if code, ok := Command(t.Context(), args, &out, &errOut); !ok || code != 0 {
			t.Fatalf("%v: %d, %v: %s", args, code, ok, &errOut)
		}
		return out.String()
	}
	if list := run("accounts"); !strings.Contains(list, "admin@example.com") || !strings.Contains(list, "owner of default") || !strings.Contains(list, "signed in") {
		t.Errorf("accounts: %s", list)
	}
	link, _, _ := strings.Cut(run("reset-password", "ADMIN@example.com"), "\n")
	u, err := url.Parse(link)
	if err != nil || u.Host != "fleet.example" || !strings.HasPrefix(u.Path, httpapi.PageReset) {
		t.Fatalf("link %q, %v", link, err)
	}
	at := base + "/v1/password-resets/" + strings.TrimPrefix(u.Path, httpapi.PageReset)
	for i, want := range []int{204, 404} {
		if status := post(t, at, `{"password":"another horse"}`); status != want {
			t.Errorf("try %d: status %d, want %d", i+1, status, want)
		}
	}
	if status := post(t, base+"/v1/sessions", `{"email":"admin@example.com","password":"another horse"}`); status != 201 {
		t.Errorf("the new password: status %d", status)
	}
	stop()
	if n := strings.Count(log.String(), "PUBLIC_URL is http"); n != 1 {
		t.Errorf("warned %d times of a PUBLIC_URL without https", n)
	}
	if strings.Contains(log.String(), "horse") || strings.Contains(log.String(), strings.TrimPrefix(u.Path, httpapi.PageReset)) {
		t.Errorf("a secret in the logs: %s", log)
	}
	var out, errOut bytes.Buffer
	if code, _ := Command(t.Context(), []string{"reset-password", "nobody@example.com"}, &out, &errOut); code == 0 || !strings.Contains(errOut.String(), "no account") {
		t.Errorf("nobody's: %d %s", code, &errOut)
	}
}
