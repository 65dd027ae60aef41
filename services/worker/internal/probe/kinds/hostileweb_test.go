package kinds_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// hostile is a check of a target that means harm, and what it may come to.
type hostile struct {
	name, target, settings string
	kind                   uptime.Kind
	want                   []uptime.Reason
}

// spew says first, and then piece for as long as anybody listens.
func spew(c net.Conn, first, piece string, pause time.Duration) {
	_, err := io.WriteString(c, first)
	if piece == "" {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	for err == nil {
		if _, err = io.WriteString(c, piece); pause > 0 {
			time.Sleep(pause)
		}
	}
}

// answering is a web server that takes a request and then does as f likes.
func answering(t testing.TB, f func(c net.Conn)) string {
	return targets.Raw(t, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			f(c)
		}
	})
}

// says answers a request with a text, and hears the rest out.
func says(t testing.TB, text string) string {
	return answering(t, func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	})
}

const dripPause = 10 * time.Millisecond

// What checks of hostile targets may come to, for short.
var (
	late     = []uptime.Reason{uptime.ReasonTimeout}
	garbled  = []uptime.Reason{uptime.ReasonProtocol}
	broken   = []uptime.Reason{uptime.ReasonReset}
	tooMuch  = []uptime.Reason{uptime.ReasonBodyTooLarge}
	headers  = []uptime.Reason{uptime.ReasonHeaderTooLarge}
	noTLS    = []uptime.Reason{uptime.ReasonTLS}
	asserted = []uptime.Reason{uptime.ReasonAssertion}
	statuses = []uptime.Reason{uptime.ReasonStatus}
)

func hostileWeb(t testing.TB) []hostile {
	const ok = "HTTP/1.1 200 OK\r\n"
	web := targets.New(t, nil)
	web.Set("/bomb", targets.GzipBomb(64<<20))
	web.Set("/loop", targets.RedirectLoop())
	web.Set("/flood", targets.HeaderFlood(256<<10))
	web.Set("/hang", targets.HangBody())
	zeros := strings.Repeat("\x00", 16<<10)
	endless := func(first, piece string, pause time.Duration) string {
		return answering(t, func(c net.Conn) { spew(c, ok+first, piece, pause) })
	}
	nested := gzipped(strings.Repeat("[", 1<<20))
	wide := gzipped("[" + strings.Repeat(`{"x":"aaaaaaaaaaaaaaaa"},`, 40_000) + "0]")
	json := `{"assertions":[{"source":"json","property":"$..[?match(@.x,'(.*)(.*)(.*)b')]","comparison":"exists"}]}`
	text := `{"assertions":[{"source":"body","comparison":"matches","target":"(?:a{0,30}){15}b"}]}`
	get := func(name, addr, settings string, want ...uptime.Reason) hostile {
		return hostile{"http, " + name, "http://" + addr, settings, uptime.KindHTTP, want}
	}
	return []hostile{
		get("bomb", targets.HostPort(web.URL)+"/bomb", ``, tooMuch...),
		get("bomb of bombs", says(t, ok+"Content-Encoding: gzip, gzip\r\n\r\n"+gzipped(gzipped(zeros))+"x"), ``, late...),
		get("bomb that only claims to be one", endless("Content-Encoding: br\r\n\r\n", zeros, 0), ``, tooMuch...),
		get("broken gzip", says(t, ok+"Content-Encoding: gzip\r\nContent-Length: 40\r\n\r\n"+gzipped("x")[:20]+strings.Repeat("?", 20)), ``, garbled...),
		get("gzip of nothing", says(t, ok+"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), ``, append(garbled, broken...)...),
		get("body drips", endless("\r\n", ".", dripPause), ``, late...),
		get("body hangs", targets.HostPort(web.URL)+"/hang", ``, late...),
		get("body without end", endless("\r\n", zeros, 0), ``, tooMuch...),
		get("chunks without end", endless("Transfer-Encoding: chunked\r\n\r\n", "4000\r\n"+zeros+"\r\n", 0), ``, tooMuch...),
		get("tiny chunks", endless("Transfer-Encoding: chunked\r\n\r\n", "1;"+strings.Repeat("x", 100)+"\r\nx\r\n", 0), ``, append(garbled, tooMuch...)...),
		get("chunks of nonsense", says(t, ok+"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"), ``, garbled...),
		get("chunk of nearly everything", says(t, ok+"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"), ``, append(late, garbled...)...),
		get("trailers without end", endless("Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", 0), ``, append(garbled, headers...)...),
		get("length below zero", says(t, ok+"Content-Length: -1\r\n\r\n"), ``, garbled...),
		get("two lengths", says(t, ok+"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), ``, garbled...),
		get("length beyond numbers", says(t, ok+"Content-Length: 99999999999999999999\r\n\r\n"), ``, garbled...),
		get("half closed", answering(t, func(c net.Conn) {
			_, _ = io.WriteString(c, ok+"Content-Length: 1000\r\n\r\nhalf a pa")
			if half, is := c.(interface{ CloseWrite() error }); is {
				_ = half.CloseWrite()
			}
			_, _ = io.Copy(io.Discard, c)
		}), ``, broken...),
		get("headers flood", targets.HostPort(web.URL)+"/flood", ``, headers...),
		get("headers without end", endless("", "X: y\r\n", 0), ``, headers...),
		get("one header without end", endless("X: ", zeros, 0), ``, append(headers, garbled...)...),
		get("headers drip", endless("X: ", "y", dripPause), ``, late...),
		get("status line without end", answering(t, func(c net.Conn) { spew(c, "HTTP/1.1 200 ", strings.Repeat("O", 8<<10), 0) }), ``, headers...),
		get("waits for ever to go on", answering(t, func(c net.Conn) { spew(c, "", "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n", 0) }), ``, append(garbled, headers...)...),
		get("redirect loop", targets.HostPort(web.URL)+"/loop", ``, uptime.ReasonRedirect),
		get("redirect to nonsense", says(t, "HTTP/1.1 302 Found\r\nLocation: ht!tp://[::\r\nContent-Length: 0\r\n\r\n"), ``, uptime.ReasonRedirect),
		get("redirect with cookies without end", says(t, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n"+strings.Repeat("Set-Cookie: a"+strings.Repeat("b", 200)+"=c\r\n", 200)+"\r\n"), ``, append(broken, uptime.ReasonRedirect, uptime.ReasonTimeout)...),
		get("no HTTP", answering(t, func(c net.Conn) { spew(c, "", "\x16\x03\x03\x00\x05\x00\xff", 0) }), ``, append(garbled, headers...)...),
		get("mute", answering(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), ``, late...),
		get("closes", targets.Raw(t, func(net.Conn) {}), ``, append(broken, uptime.ReasonConnectRefused)...),
		get("deep JSON", says(t, ok+"Content-Encoding: gzip\r\n"+sized(nested)), json, append(asserted, tooMuch...)...),
		get("wide JSON", says(t, ok+"Content-Encoding: gzip\r\n"+sized(wide)), json, append(asserted, tooMuch...)...),
		get("text for a slow expression", says(t, ok+sized(strings.Repeat("a", 1<<20))), text, append(asserted, late...)...),
		get("issuer without end", targets.HostPort(web.URL), `{"auth":{"type":"oauth2","token_url":"http://`+endless("\r\n", zeros, 0)+`","client_id":"a","client_secret":"b"}}`, tooMuch...),
		get("issuer that hangs", targets.HostPort(web.URL), `{"auth":{"type":"oauth2","token_url":"http://`+answering(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })+`","client_id":"a","client_secret":"b"}}`, late...),
	}
}

func sized(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// framing is a server of HTTP/2 without TLS that shakes hands and does as f likes.
func framing(t testing.TB, f func(fr *http2.Framer, c net.Conn)) string {
	return targets.Raw(t, func(c net.Conn) {
		if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		fr := http2.NewFramer(c, c)
		if fr.WriteSettings() != nil {
			return
		}
		go func() { _, _ = io.Copy(io.Discard, c) }() // ends with the connection
		f(fr, c)
	})
}

// flooding sends a frame again and again.
func flooding(t testing.TB, frame func(fr *http2.Framer) error) string {
	return framing(t, func(fr *http2.Framer, _ net.Conn) {
		for frame(fr) == nil {
		}
	})
}

func hostileFrames(t testing.TB) []hostile {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, f := range []hpack.HeaderField{{Name: ":status", Value: "200"}, {Name: "x", Value: strings.Repeat("y", 4000)}} {
		_ = enc.WriteField(f)
	}
	head := append([]byte(nil), block.Bytes()...)
	more := bytes.Repeat([]byte{0xbe}, 1<<10) // the indexed field, again and again
	zeros := make([]byte, 16<<10)
	servers := []struct {
		name, addr string
	}{
		{"settings flood", flooding(t, func(fr *http2.Framer) error {
			return fr.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 20})
		})},
		{"ping flood", flooding(t, func(fr *http2.Framer) error { return fr.WritePing(false, [8]byte{1}) })},
		{"window flood", flooding(t, func(fr *http2.Framer) error { return fr.WriteWindowUpdate(0, 1) })},
		{"window overflow", flooding(t, func(fr *http2.Framer) error { return fr.WriteWindowUpdate(0, 1<<31-1) })},
		{"goes away again and again", flooding(t, func(fr *http2.Framer) error { return fr.WriteGoAway(1, http2.ErrCodeEnhanceYourCalm, zeros[:100]) })},
		{"resets", flooding(t, func(fr *http2.Framer) error { return fr.WriteRSTStream(1, http2.ErrCodeRefusedStream) })},
		{"priority flood", flooding(t, func(fr *http2.Framer) error { return fr.WritePriority(1, http2.PriorityParam{StreamDep: 3}) })},
		{"unknown frames", flooding(t, func(fr *http2.Framer) error { return fr.WriteRawFrame(0xbe, 0xff, 1, zeros[:100]) })},
		{"pushes", flooding(t, func(fr *http2.Framer) error {
			return fr.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: head, EndHeaders: true})
		})},
		{"headers without end", framing(t, func(fr *http2.Framer, _ net.Conn) {
			err := fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head})
			for err == nil {
				err = fr.WriteContinuation(1, false, more)
			}
		})},
		{"data without end", framing(t, func(fr *http2.Framer, _ net.Conn) {
			err := fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head, EndHeaders: true})
			for err == nil {
				err = fr.WriteData(1, false, zeros)
			}
		})},
		{"empty data without end", framing(t, func(fr *http2.Framer, _ net.Conn) {
			err := fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head, EndHeaders: true})
			for err == nil {
				err = fr.WriteData(1, false, nil)
			}
		})},
		{"hints without end", framing(t, func(fr *http2.Framer, _ net.Conn) {
			var hint bytes.Buffer
			enc := hpack.NewEncoder(&hint)
			_ = enc.WriteField(hpack.HeaderField{Name: ":status", Value: "103"})
			for fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: hint.Bytes(), EndHeaders: true}) == nil {
			}
		})},
		{"a frame of 16 MiB", framing(t, func(_ *http2.Framer, c net.Conn) { spew(c, "\xff\xff\xff\x00\x00\x00\x00\x00\x01", string(zeros), 0) })},
		{"mute", framing(t, func(*http2.Framer, net.Conn) { time.Sleep(time.Second) })},
	}
	var out []hostile
	for _, s := range servers {
		out = append(out,
			hostile{"http/2, " + s.name, "http://" + s.addr, `{"http_version":"2"}`, uptime.KindHTTP, nil},
			hostile{"grpc, " + s.name, s.addr, `{"security":"none"}`, uptime.KindGRPC, nil})
	}
	return out
}

// hostileTLS are servers that misbehave during or after the handshake, for every kind
// that speaks TLS.
func hostileTLS(t testing.TB, ca *targets.CA) []hostile {
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, NextProtos: []string{"h2", "http/1.1"}}
	big := cfg.Clone()
	big.Certificates[0].Certificate = append([][]byte{big.Certificates[0].Certificate[0]}, bytes.Repeat([]byte{0x30}, 60<<10))
	servers := map[string]string{
		"hangs":   targets.Raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }),
		"garbage": targets.Raw(t, func(c net.Conn) { spew(c, "", strings.Repeat("\x16\x03\x03\x00\x05\x00\xff", 100), 0) }),
		"alerts":  targets.Raw(t, func(c net.Conn) { spew(c, "", "\x15\x03\x03\x00\x02\x01\x00", 0) }),
		"records": targets.Raw(t, func(c net.Conn) { spew(c, "", "\x16\x03\x03\x40\x00"+strings.Repeat("\x02", 16<<10), 0) }),
		"drips":   targets.Raw(t, func(c net.Conn) { spew(c, "\x16\x03\x03\x40\x00", "\x02", dripPause) }),
		"big":     targets.RawTLS(t, big, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }),
		"floods":  targets.RawTLS(t, cfg, func(c net.Conn) { spew(c, "", strings.Repeat("\x00", 16<<10), 0) }),
	}
	var out []hostile
	for name, addr := range servers {
		for _, k := range []struct {
			kind             uptime.Kind
			target, settings string
		}{
			{uptime.KindHTTP, "https://" + addr, ``}, {uptime.KindWebSocket, "wss://" + addr, `{"expect":"never"}`},
			{uptime.KindTCP, addr, `{"security":"tls","steps":[{"expect":"never"}]}`}, {uptime.KindTLS, addr, ``}, {uptime.KindGRPC, addr, ``},
			{uptime.KindSMTP, addr, `{"security":"tls"}`}, {uptime.KindDNS, "example.org", `{"nameserver":"` + addr + `","protocol":"tls"}`},
		} {
			if k.kind == uptime.KindTLS && name == "floods" {
				continue // it is satisfied with the handshake
			}
			out = append(out, hostile{string(k.kind) + " by TLS, " + name, k.target, k.settings, k.kind, nil})
		}
	}
	return append(out, hostile{"http/3, garbage", "https://" + packets(t, "\xc0\x00\x00\x00\x01"+strings.Repeat("\xff", 1200)), `{"http_version":"3"}`, uptime.KindHTTP, nil},
		hostile{"http/3, negotiates for ever", "https://" + packets(t, "\x80\x00\x00\x00\x00\x08"+strings.Repeat("\x00", 30)), `{"http_version":"3"}`, uptime.KindHTTP, nil})
}

// packets answers each datagram with many.
func packets(t testing.TB, answer string) string {
	return targets.Packets(t, func([]byte) [][]byte {
		out := make([][]byte, 50)
		for i := range out {
			out[i] = []byte(answer)
		}
		return out
	})
}

// base64Of encodes for headers.
func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
