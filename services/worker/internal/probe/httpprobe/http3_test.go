package httpprobe_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/httpprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

// third serves HTTP/3 on loopback.
func third(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_ = json.NewEncoder(w).Encode(object{"proto": r.Proto, "method": r.Method, "body": string(body), "agent": r.UserAgent()})
	})
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of shop", http.StatusServiceUnavailable)
	})
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusTemporaryRedirect) })
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1/", http.StatusFound)
	})
	mux.HandleFunc("/inward", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://10.1.2.3/", http.StatusFound)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, httpprobe.MaxBodyBytes+1)) })
	mux.HandleFunc("/flood", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Flood", strings.Repeat("x", 100<<10)) })
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	srv := &http3.Server{Handler: mux, TLSConfig: http3.ConfigureTLSConfig(cfg), Logger: slog.New(slog.DiscardHandler)}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(conn) }()
	t.Cleanup(func() { _ = srv.Close(); _ = conn.Close(); <-done })
	return "https://" + conn.LocalAddr().String()
}

func TestHTTP3(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	good := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}}
	web := third(t, good)
	expired := third(t, &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour)})}})
	mutual := third(t, &tls.Config{Certificates: good.Certificates, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool})
	mute := targets.Packets(t, func([]byte) [][]byte { return nil })
	cert, key := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	set := func(o object) string {
		o["http_version"] = "3"
		if o["tls"] == nil {
			o["tls"] = object{"ca": ca.PEM()}
		}
		return settings(t, o)
	}
	plain := set(object{})
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "passes", Target: web, Settings: set(asserting(object{}, "$.proto", "HTTP/3.0", "$.agent", "probefleet/1 (eu-west)")), Code: 200},
		{Name: "body along a redirect", Target: web + "/to", Settings: set(asserting(object{"method": "POST", "body": object{"type": "raw", "text": "hi"}}, "$.body", "hi")), Code: 200},
		{Name: "mutual", Target: mutual, Settings: set(object{"tls": object{"ca": ca.PEM(), "certificate": cert, "key": key}}), Code: 200},
		{Name: "no client certificate", Target: mutual, Settings: plain, Reason: uptime.ReasonAuth, Detail: "certificate"},
		{Name: "status", Target: web + "/down", Settings: plain, Code: 503, Reason: uptime.ReasonStatus},
		{Name: "unknown authority", Target: web, Settings: `{"http_version":"3"}`, Reason: uptime.ReasonCertUntrusted},
		{Name: "expired", Target: expired, Settings: plain, Reason: uptime.ReasonCertExpired},
		{Name: "redirect to plain HTTP", Target: web + "/plain", Settings: plain, Code: 302, Reason: uptime.ReasonProtocol, Detail: "https only"},
		{Name: "redirect inwards", Target: web + "/inward", Settings: plain, Code: 302, Reason: uptime.ReasonBlockedTarget, Detail: "10.1.2.3"},
		{Name: "large body", Target: web + "/large", Settings: plain, Code: 200, Reason: uptime.ReasonBodyTooLarge},
		{Name: "header flood", Target: web + "/flood", Settings: plain, Reason: uptime.ReasonHeaderTooLarge},
		{Name: "hangs", Target: web + "/hang", Settings: plain, Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "no answer"},
		{Name: "aborts", Target: web + "/abort", Settings: plain, Reason: uptime.ReasonReset},
		{Name: "says nothing", Target: "https://" + mute, Settings: plain, Timeout: probetest.Short, Reason: uptime.ReasonConnectTimeout, Detail: "UDP"},
		{Name: "nobody there", Target: "https://" + targets.RefusedUDP(t), Settings: plain, Reason: uptime.ReasonConnectRefused},
		{Name: "blocked", Target: "https://10.255.255.1/", Settings: plain, Reason: uptime.ReasonBlockedTarget},
		{Name: "plain HTTP", Target: strings.Replace(web, "https", "http", 1), Settings: `{"http_version":"3"}`, Reason: uptime.ReasonProtocol, Detail: "https only"},
	})
	f := kind.Run(t, probetest.Env(), web+"/down", plain, probetest.Long)
	if f.Phases.TLS <= 0 || f.Phases.TTFB <= 0 || !f.IP.IsLoopback() || f.Evidence == nil || f.Evidence.Certificate == nil || f.Evidence.Excerpt != "out of shop\n" {
		t.Errorf("%+v %+v", f.Phases, f.Evidence)
	}
}

func TestHTTP3LeavesNothingBehind(t *testing.T) {
	ca := targets.NewTestCA(t)
	web := third(t, &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}})
	mute := targets.Packets(t, func([]byte) [][]byte { return nil })
	set := settings(t, object{"http_version": "3", "tls": object{"ca": ca.PEM()}})
	files := openFiles(t)
	for range 3 {
		for _, target := range []string{web, web + "/hang", web + "/large", web + "/to", "https://" + mute} {
			kind.Run(t, probetest.Env(), target, set, probetest.Short)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if openFiles(t) <= files && !strings.Contains(string(stacks), "http3.(*ClientConn)") && !strings.Contains(string(stacks), "httpprobe.(*packetConn)") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d open files, then %d\n%s", files, openFiles(t), stacks)
		}
	}
}
