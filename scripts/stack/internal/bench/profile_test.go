package bench

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestFetchKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/debug/pprof/heap" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("a profile"))
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "api.heap")
	if err := fetch(t.Context(), server.URL+"/debug/pprof/heap", path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "a profile" {
		t.Errorf("kept %q, %v", got, err)
	}
	if err := fetch(t.Context(), server.URL+"/debug/pprof/none", path); err == nil {
		t.Error("what is not there is kept, too")
	}
}
