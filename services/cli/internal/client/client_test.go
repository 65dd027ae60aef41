package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/probefleet/probefleet/services/cli/internal/client"
)

// TestPathsAreOfTheDocument finds every call of the program in the API's document.
func TestPathsAreOfTheDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]any
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	const id = "/{id}"
	for _, call := range []struct{ method, path string }{
		{"get", client.PathMe}, {"post", client.PathImport}, {"get", client.PathExport}, {"post", client.PathMonitorTest},
		{"get", client.PathFleet}, {"get", client.PathEvents}, {"get", client.PathRegions + "/{name}"}, {"get", client.PathRegions},
		{"get", client.PathWebsites}, {"get", client.PathWebsites + id}, {"get", client.PathMonitors + id},
		{"get", client.PathIncidents}, {"get", client.PathIncidents + id}, {"get", client.PathChannels}, {"get", client.PathChannels + id},
		{"get", client.PathAPIKeys}, {"get", client.PathAPIKeys + id},
		{"post", client.PathWebsites + id + client.ActionPause}, {"post", client.PathWebsites + id + client.ActionResume},
		{"post", client.PathWebsites + id + client.ActionCheck}, {"post", client.PathMonitors + id + client.ActionPause},
		{"post", client.PathMonitors + id + client.ActionResume}, {"post", client.PathMonitors + id + client.ActionCheck},
		{"post", client.PathIncidents + id + client.ActionAck}, {"post", client.PathIncidents + id + client.ActionComment},
	} {
		if doc.Paths[call.path][call.method] == nil {
			t.Errorf("the API has no %s %s", call.method, call.path)
		}
	}
}

func open(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := client.New(srv.URL+"/", "the-key", "test")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer the-key" || r.URL.Query().Get("q") != "a b" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.Query().Get("cursor") {
		case "":
			fmt.Fprint(w, `{"items": [1, 2, 3], "next_cursor": "x"}`)
		default:
			fmt.Fprint(w, `{"items": [4], "next_cursor": null}`)
		}
	})
	for limit, want := range map[int]string{0: "[1 2 3 4]", 2: "[1 2]", 3: "[1 2 3]", 4: "[1 2 3 4]", 9: "[1 2 3 4]"} {
		var got []string
		err := c.Pages(t.Context(), client.PathWebsites, url.Values{"q": {"a b"}}, limit, func(items []json.RawMessage) error {
			for _, i := range items {
				got = append(got, string(i))
			}
			return nil
		})
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("limit %d: %v, want %s (%v)", limit, got, want, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"a problem", problem(422, `{"detail": "Wrong.", "errors": [{"pointer": "#/a/b", "detail": "is missing"}]}`), "status 422): Wrong.\n  a/b is missing"},
		{"another key", problem(401, `{"detail": "No."}`), "does not know this key: No."},
		{"no right", problem(403, `{}`), "may not do this"},
		{"a proxy", problem(502, `<html>`), "status 502): Bad Gateway"},
		{"a failure", problem(500, `{"detail": "Failed.", "request_id": "abc"}`), "(request abc)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := open(t, tt.answer).Call(t.Context(), http.MethodGet, client.PathMe, nil, nil, nil)
			var p *client.Problem
			if !errors.As(err, &p) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func problem(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// TestTheKeyDoesNotFollowRedirects keeps it from whoever a redirect points to.
func TestTheKeyDoesNotFollowRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it went there") }))
	t.Cleanup(elsewhere.Close)
	c := open(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
	if err := c.Call(t.Context(), http.MethodGet, client.PathMe, nil, nil, nil); err == nil || !strings.Contains(err.Error(), elsewhere.URL) {
		t.Errorf("%v", err)
	}
	for _, wrong := range []string{"", "status.example.com", "ftp://x", "https://me@x", "https://x?y"} {
		if _, err := client.New(wrong, "k", "v"); err == nil {
			t.Errorf("%q is a fleet", wrong)
		}
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	c := open(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
	var into map[string]any
	if err := c.Call(t.Context(), http.MethodGet, client.PathMe, nil, nil, &into); err == nil {
		t.Error("HTML was read as JSON")
	}
	if _, err := c.Stream(t.Context(), nil, ""); err == nil || !strings.Contains(err.Error(), "not a stream") {
		t.Errorf("HTML was taken for a stream: %v", err)
	}
}
