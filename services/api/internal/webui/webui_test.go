package webui

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, h http.Handler, path string) (int, http.Header, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	res := w.Result()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

func TestWithoutADashboard(t *testing.T) {
	t.Parallel()
	h := handler(fstest.MapFS{".gitkeep": {}})
	code, header, body := get(t, h, "/")
	if code != 200 || !strings.Contains(body, "not built") || !strings.Contains(body, "/openapi.json") || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("status %d, %v: %s", code, header, body)
	}
	if code, _, _ := get(t, h, "/incidents"); code != 404 {
		t.Errorf("a page of the dashboard: status %d", code)
	}
}

func TestWithADashboard(t *testing.T) {
	t.Parallel()
	h := handler(fstest.MapFS{
		"index.html": {Data: []byte("<title>dashboard")}, "assets/app-1a2b.js": {Data: []byte("go()")}, "favicon.svg": {Data: []byte("<svg/>")}, ".gitkeep": {},
	})
	tests := []struct {
		path, body, cache string
		status            int
	}{
		{"/", "<title>dashboard", "no-cache", 200},
		{"/index.html", "<title>dashboard", "no-cache", 200},
		{"/incidents/01890a5d", "<title>dashboard", "no-cache", 200},
		{"/assets", "<title>dashboard", "no-cache", 200},
		{"/assets/app-1a2b.js", "go()", "public, max-age=31536000, immutable", 200},
		{"/favicon.svg", "<svg/>", "", 200},
		{"/assets/old-9z.js", "", "", 404},
		{"/../webui.go", "", "", 404},
		{"/.gitkeep", "", "", 404},
	}
	for _, tt := range tests {
		code, header, body := get(t, h, tt.path)
		if code != tt.status || tt.status == 200 && body != tt.body || tt.status == 200 && header.Get("Cache-Control") != tt.cache {
			t.Errorf("%s: status %d, cache %q, body %q", tt.path, code, header.Get("Cache-Control"), body)
		}
		if !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'self'") {
			t.Errorf("%s: no policy", tt.path)
		}
	}
}

func TestTheEmbeddedDirectoryIsServed(t *testing.T) {
	t.Parallel()
	if code, _, body := get(t, Handler(), "/"); code != 200 || !strings.Contains(body, "probefleet") {
		t.Errorf("status %d: %s", code, body)
	}
}
