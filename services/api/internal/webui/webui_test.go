package webui

import (
	"compress/gzip"
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

func TestScriptsAndStylesAreCompressed(t *testing.T) {
	t.Parallel()
	script := strings.Repeat("go();", 1000)
	h := handler(fstest.MapFS{"index.html": {Data: []byte("<title>")}, "assets/a.js": {Data: []byte(script)}, "assets/a.png": {Data: []byte(script)}})
	tests := []struct{ path, accept, encoding, kind string }{
		{"/assets/a.js", "gzip, deflate, br", "gzip", "text/javascript; charset=utf-8"},
		{"/assets/a.js", "br;q=1, gzip;q=0.5", "gzip", "text/javascript; charset=utf-8"},
		{"/assets/a.js", "gzip;q=0", "", "text/javascript; charset=utf-8"},
		{"/assets/a.js", "", "", "text/javascript; charset=utf-8"},
		{"/assets/a.png", "gzip", "", "image/png"},
	}
	for _, tt := range tests {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil)
		r.Header.Set("Accept-Encoding", tt.accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		body := io.Reader(w.Body)
		if tt.encoding != "" {
			zip, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatalf("%s, %s: %v", tt.path, tt.accept, err)
			}
			body = zip
		}
		content, err := io.ReadAll(body)
		if err != nil || string(content) != script || w.Header().Get("Content-Encoding") != tt.encoding || w.Header().Get("Content-Type") != tt.kind {
			t.Errorf("%s, %s: %v, %d bytes, %v", tt.path, tt.accept, w.Header(), len(content), err)
		}
	}
}

func TestTheEmbeddedDirectoryIsServed(t *testing.T) {
	t.Parallel()
	if code, _, body := get(t, Handler(), "/"); code != 200 || !strings.Contains(body, "probefleet") {
		t.Errorf("status %d: %s", code, body)
	}
}
