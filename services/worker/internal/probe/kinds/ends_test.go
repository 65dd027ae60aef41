package kinds_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/grpcserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/smtpserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

// Every kind that sees a certificate says of a passing check when it ends: of a chain
// that holds the earliest, even where the monitor does not verify it.
func TestPassesTellWhenTheCertificateEnds(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	ends := time.Now().Add(17 * time.Hour).UTC().Truncate(time.Second)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{NotAfter: ends})}, MinVersion: tls.VersionTLS12}
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			return
		}
		if c, err := websocket.Accept(w, r, nil); err == nil {
			_, _, _ = c.Read(r.Context()) // until the probe leaves
		}
	}))
	web.TLS = cfg.Clone()
	web.StartTLS()
	t.Cleanup(web.Close)
	address := web.Listener.Addr().String()
	raw := targets.RawTLS(t, cfg, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for _, tt := range []struct {
		kind             uptime.Kind
		target, settings string
	}{
		{uptime.KindHTTP, "https://" + address, `{}`},
		{uptime.KindHTTP, "https://" + address, `{"tls":{"skip_verify":true}}`},
		{uptime.KindWebSocket, "wss://" + address, `{}`},
		{uptime.KindTLS, raw, `{}`},
		{uptime.KindTCP, raw, `{"security":"tls"}`},
		{uptime.KindSMTP, smtpserver.New(t, smtpserver.Config{TLS: cfg}), `{}`},
		{uptime.KindGRPC, grpcserver.New(t, cfg, grpcserver.Serving(healthpb.HealthCheckResponse_SERVING)), `{}`},
	} {
		t.Run(string(tt.kind)+" "+tt.settings, func(t *testing.T) {
			t.Parallel()
			f := probetest.Kind{Kind: tt.kind, New: kinds.All()[tt.kind]}.Run(t, env, tt.target, tt.settings, probetest.Long)
			if f.Reason != uptime.ReasonNone || f.Evidence.CertificateEnds() != uptime.InstantOf(ends) {
				t.Errorf("%s %q, ends %s, want %s", f.Reason, f.Detail, f.Evidence.CertificateEnds().Time(), ends)
			}
		})
	}
}
