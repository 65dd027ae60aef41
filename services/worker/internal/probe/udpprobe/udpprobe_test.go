package udpprobe_test

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
	"github.com/probefleet/probefleet/services/worker/internal/probe/udpprobe"
)

var kind = probetest.Kind{Kind: uptime.KindUDP, New: udpprobe.New}

func TestReasons(t *testing.T) {
	t.Parallel()
	echo := targets.Packets(t, func(p []byte) [][]byte { return [][]byte{append([]byte("echo "), p...)} })
	mute := targets.Packets(t, func([]byte) [][]byte { return nil })
	several := targets.Packets(t, func([]byte) [][]byte { return [][]byte{[]byte("noise"), []byte("more noise"), []byte("pong")} })
	empty := targets.Packets(t, func([]byte) [][]byte { return [][]byte{{}} })
	large := targets.Packets(t, func([]byte) [][]byte { return [][]byte{bytes.Repeat([]byte("x"), 60000)} })
	flood := targets.Packets(t, func([]byte) [][]byte {
		all := make([][]byte, 2000)
		for i := range all {
			all[i] = []byte("noise")
		}
		return all
	})
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "answers", Target: echo, Settings: `{"send":"hi"}`},
		{Name: "answers as expected", Target: echo, Settings: `{"send":"hi","expect":"^echo hi$"}`},
		{Name: "binary", Target: echo, Settings: `{"send":"00ff","encoding":"hex","expect":"^6563686f2000ff$"}`},
		{Name: "base64", Target: echo, Settings: `{"send":"aGk=","encoding":"base64","expect":"hi"}`},
		{Name: "the third is right", Target: several, Settings: `{"send":"ping","expect":"^pong"}`},
		{Name: "an empty answer", Target: empty, Settings: `{"send":"hi"}`},
		{Name: "a large answer", Target: large, Settings: `{"send":"hi","expect":"x$"}`},
		{Name: "answers wrongly", Target: echo, Settings: `{"send":"hi","expect":"^pong"}`, Timeout: probetest.Short,
			Reason: uptime.ReasonAssertion, Detail: `"echo hi" does not match "^pong"`},
		{Name: "floods", Target: flood, Settings: `{"send":"hi","expect":"^pong"}`, Timeout: probetest.Short, Reason: uptime.ReasonAssertion, Detail: `"noise"`},
		{Name: "says nothing", Target: mute, Settings: `{"send":"hi"}`, Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "no answer", Attempts: 1},
		{Name: "refused", Target: targets.RefusedUDP(t), Settings: `{"send":"hi"}`, Reason: uptime.ReasonConnectRefused, Attempts: 2},
		{Name: "blocked", Target: "10.0.0.1:53", Settings: `{"send":"hi"}`, Reason: uptime.ReasonBlockedTarget, Detail: "private network"},
		{Name: "broadcast", Target: "255.255.255.255:53", Settings: `{"send":"hi"}`, Reason: uptime.ReasonBlockedTarget},
		{Name: "no lookup", Target: "nowhere.invalid:53", Settings: `{"send":"hi"}`, Reason: uptime.ReasonDNS},
		{Name: "assertion", Target: echo, Settings: `{"send":"hi","assertions":[{"source":"payload","comparison":"equals","target":"echo hi"}]}`},
		{Name: "assertion fails", Target: echo, Settings: `{"send":"hi","assertions":[{"source":"payload","comparison":"not_contains","target":"echo"}]}`,
			Reason: uptime.ReasonAssertion, Detail: "payload is"},
		{Name: "degraded", Target: echo, Settings: `{"send":"hi","assertions":[{"source":"latency","property":"ttfb","comparison":"less_than","target":0,"severity":"degraded"}]}`,
			Reason: uptime.ReasonAssertion, Degraded: true, Detail: "latency ttfb"},
	})
}

// A datagram that gets lost is sent again within the timeout.
func TestSendsAgain(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	lossy := targets.Packets(t, func(p []byte) [][]byte {
		if n.Add(1) == 1 {
			return nil
		}
		return [][]byte{p}
	})
	f := kind.RunUntil(t, probetest.Env(), lossy, `{"send":"hi"}`, probetest.Short, func(f *probe.Finding) bool {
		again := f.Reason == uptime.ReasonNone && n.Load() == 2
		if !again {
			n.Store(0)
		}
		return again
	})
	if f.Reason != uptime.ReasonNone || n.Load() != 2 || f.Attempts != 1 {
		t.Errorf("%s %s after %d datagrams", f.Reason, f.Detail, n.Load())
	}
	if f.Phases.TTFB < probetest.Short/2 || f.Phases.TTFB != f.Phases.Total-f.Phases.Connect-f.Phases.Transfer {
		t.Errorf("phases %+v", f.Phases)
	}
	n.Store(0)
	if f := kind.Run(t, probetest.Env(), lossy, `{"send":"hi","tries":1}`, probetest.Short); f.Reason != uptime.ReasonTimeout || n.Load() != 1 {
		t.Errorf("%s %s after %d datagrams", f.Reason, f.Detail, n.Load())
	}
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	echo := targets.Packets(t, func(p []byte) [][]byte { return [][]byte{append([]byte(strings.Repeat("x", 70)), p...)} })
	const set = `{"send":"community hunter22","secret":true,"expect":"never"}`
	f := kind.RunUntil(t, probetest.Env(), echo, set, probetest.Short, probetest.Because(uptime.ReasonAssertion))
	if text := f.Detail + f.Evidence.Excerpt; f.Reason != uptime.ReasonAssertion || strings.Contains(text, "hunt") {
		t.Errorf("%s %s", f.Reason, text)
	}
}
