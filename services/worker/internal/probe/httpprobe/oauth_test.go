package httpprobe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

// issuer issues tokens that the shop beside it accepts until they are withdrawn.
type issuer struct {
	*httptest.Server
	issued  atomic.Int64
	good    atomic.Value // the token that the shop takes
	expires any
}

func newIssuer(t *testing.T, expires any) *issuer {
	t.Helper()
	i := &issuer{expires: expires}
	i.good.Store("")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, ok := r.BasicAuth()
		if !ok {
			id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
		}
		w.Header().Set("Content-Type", "application/json")
		if id != "probe" || secret != "s3cret%2Fpart" && secret != "s3cret/part" || r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("scope") != "a b" {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(object{"error": "invalid_client", "error_description": "who is " + secret})
			return
		}
		token := fmt.Sprintf("t0ken-number-%d", i.issued.Add(1))
		i.good.Store(token)
		_ = json.NewEncoder(w).Encode(object{"access_token": token, "token_type": "Bearer", "expires_in": i.expires})
	})
	mux.HandleFunc("GET /shop", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+i.good.Load().(string) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, r.Header.Get("Authorization"))
		}
	})
	mux.HandleFunc("GET /never", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, r.Header.Get("Authorization"))
	})
	mux.HandleFunc("POST /page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
	mux.HandleFunc("POST /elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/token", http.StatusTemporaryRedirect)
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) settings(t *testing.T, path string, change object) string {
	t.Helper()
	auth := object{"type": "oauth2", "token_url": i.URL + path, "client_id": "probe", "client_secret": "s3cret/part", "scopes": []string{"a", "b"}}
	for k, v := range change {
		auth[k] = v
	}
	return settings(t, object{"auth": auth})
}

func TestOAuth2(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, 3600)
	r := probe.NewRunner(probe.Kinds{kind.Kind: kind.New}, probetest.Env())
	c := kind.Check(t, i.URL+"/shop", i.settings(t, "/token", nil), probetest.Long)
	for range 3 {
		if f := r.Run(t.Context(), c); f.Reason != uptime.ReasonNone || f.Attempts != 1 {
			t.Fatalf("%s %s", f.Reason, f.Detail)
		}
	}
	if n := i.issued.Load(); n != 1 {
		t.Errorf("%d tokens for three checks", n)
	}
	i.good.Store("another")
	if f := r.Run(t.Context(), c); f.Reason != uptime.ReasonNone || i.issued.Load() != 2 {
		t.Errorf("after a token was withdrawn: %s %s, %d tokens", f.Reason, f.Detail, i.issued.Load())
	}
	body := kind.Check(t, i.URL+"/shop", i.settings(t, "/token", object{"client_auth": "body"}), probetest.Long)
	if f := r.Run(t.Context(), body); f.Reason != uptime.ReasonNone || i.issued.Load() != 3 {
		t.Errorf("credentials in the body: %s %s, %d tokens", f.Reason, f.Detail, i.issued.Load())
	}
}

// together runs a check many times at once and returns how many of them passed.
func together(t *testing.T, r *probe.Runner, c *uptime.Check) int {
	t.Helper()
	var all sync.WaitGroup
	var passed atomic.Int64
	for range 40 {
		all.Go(func() {
			if f := r.Run(t.Context(), c); f.Reason == uptime.ReasonNone {
				passed.Add(1)
			} else {
				t.Logf("%s %s", f.Reason, f.Detail)
			}
		})
	}
	all.Wait()
	return int(passed.Load())
}

// However many checks come together, the issuer is asked once for each token, also for
// the one in place of a token that was withdrawn.
func TestOAuth2ManyAtOnce(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, 3600)
	r := probe.NewRunner(probe.Kinds{kind.Kind: kind.New}, probetest.Env())
	c := kind.Check(t, i.URL+"/shop", i.settings(t, "/token", nil), probetest.Long)
	if passed := together(t, r, c); passed != 40 || i.issued.Load() != 1 {
		t.Errorf("%d checks passed with %d tokens", passed, i.issued.Load())
	}
	i.good.Store("another")
	if passed := together(t, r, c); passed != 40 || i.issued.Load() != 2 {
		t.Errorf("after a token was withdrawn %d checks passed with %d tokens", passed, i.issued.Load())
	}
}

func TestOAuth2TokenThatExpiresAtOnce(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "0.000001")
	r := probe.NewRunner(probe.Kinds{kind.Kind: kind.New}, probetest.Env())
	c := kind.Check(t, i.URL+"/shop", i.settings(t, "/token", nil), probetest.Long)
	for range 2 {
		if f := r.Run(t.Context(), c); f.Reason != uptime.ReasonNone {
			t.Fatalf("%s %s", f.Reason, f.Detail)
		}
	}
	if n := i.issued.Load(); n != 2 {
		t.Errorf("%d tokens, want 2", n)
	}
}

func TestOAuth2Fails(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, 3600)
	shop := i.URL + "/shop"
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "wrong secret", Target: shop, Settings: i.settings(t, "/token", object{"client_secret": "hunter22"}), Reason: uptime.ReasonAuth, Detail: "token URL: 401 Unauthorized: invalid_client: who is ***"},
		{Name: "no token", Target: shop, Settings: i.settings(t, "/page", nil), Reason: uptime.ReasonAuth, Detail: "not the JSON of a token"},
		{Name: "not found", Target: shop, Settings: i.settings(t, "/nothing", nil), Reason: uptime.ReasonAuth, Detail: "404"},
		{Name: "redirect", Target: shop, Settings: i.settings(t, "/elsewhere", nil), Reason: uptime.ReasonAuth, Detail: "307"},
		{Name: "metadata", Target: shop, Settings: i.settings(t, "", object{"token_url": "http://169.254.169.254/token"}), Reason: uptime.ReasonBlockedTarget, Detail: "token URL: "},
		{Name: "refused by the target", Target: i.URL + "/never", Settings: i.settings(t, "/token", nil), Code: 401, Reason: uptime.ReasonAuth, Detail: "401"},
	})
	if f := kind.Run(t, probetest.Env(), shop, i.settings(t, "/page", nil), probetest.Long); f.Phases != (uptime.Phases{}) {
		t.Errorf("the target was not asked, and took %+v", f.Phases)
	}
	f := kind.Run(t, probetest.Env(), i.URL+"/never", i.settings(t, "/token", nil), probetest.Long)
	if f.Evidence == nil || strings.Contains(f.Evidence.Excerpt, "t0ken") || !strings.Contains(f.Evidence.Excerpt, "***") {
		t.Errorf("the token in the evidence: %+v", f.Evidence)
	}
}

// An issuer is told for whom the token is, and who asks, in the way that it wants.
func TestOAuth2Request(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			return
		}
		id, _, header := r.BasicAuth()
		asked <- fmt.Sprintf("%s for %s, header %v, body %v", id+r.PostFormValue("client_id"), r.PostFormValue("audience"), header, r.PostForm.Has("client_secret"))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"t0ken","token_type":"Bearer"}`)
	}))
	t.Cleanup(web.Close)
	for way, want := range map[string]string{
		"header": "probe for https://shop.example, header true, body false",
		"body":   "probe for https://shop.example, header false, body true",
	} {
		auth := object{"type": "oauth2", "token_url": web.URL + "/token", "client_id": "probe", "client_secret": "s3cret", "audience": "https://shop.example", "client_auth": way}
		if f := kind.Run(t, probetest.Env(), web.URL, settings(t, object{"auth": auth}), probetest.Long); f.Reason != uptime.ReasonNone {
			t.Errorf("%s: %s %s", way, f.Reason, f.Detail)
		}
		if got := <-asked; got != want {
			t.Errorf("asked as %s, want %s", got, want)
		}
	}
}
