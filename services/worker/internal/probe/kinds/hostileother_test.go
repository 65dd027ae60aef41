package kinds_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// socket is a server that opens WebSockets and then sends frames as it likes.
func socket(t testing.TB, f func(c net.Conn)) string {
	return targets.Raw(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64Of(sum[:]))
		go func() { _, _ = io.Copy(io.Discard, c) }() // ends with the connection
		f(c)
	})
}

func hostileSockets(t testing.TB) []hostile {
	frame := func(head byte, payload string) string {
		b := binary.BigEndian.AppendUint16([]byte{head, 126}, uint16(len(payload)))
		return string(b) + payload
	}
	const text, more, ping, fin = 0x1, 0x0, 0x9, 0x80
	kilobyte := strings.Repeat("x", 1<<10)
	again := func(first, piece string) string { return socket(t, func(c net.Conn) { spew(c, first, piece, 0) }) }
	var out []hostile
	for _, s := range []struct {
		name, addr string
		want       []uptime.Reason
	}{
		{"tiny frames without end", again("", "\x81\x01x"), append(tooMuch, asserted...)},
		{"empty frames without end", again("", "\x81\x00"), append(late, tooMuch...)},
		{"frames of a kilobyte without end", again("", frame(fin|text, kilobyte)), tooMuch},
		{"fragments without end", again(frame(text, kilobyte), frame(more, kilobyte)), tooMuch},
		{"empty fragments without end", again(frame(text, ""), "\x00\x00"), late},
		{"pings without end", again("", "\x89\x01x"), garbled},
		{"pongs without end", again("", "\x8a\x01x"), late},
		{"a ping that is too long", again(frame(fin|ping, kilobyte), ""), garbled},
		{"a length beyond numbers", again("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", kilobyte), append(garbled, tooMuch...)},
		{"a length of nearly everything", again("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", kilobyte), tooMuch},
		{"masked", again("\x81\x81\x01\x02\x03\x04x", ""), asserted},
		{"reserved bits", again("\xf1\x01x", ""), garbled},
		{"unknown operation", again("\x8f\x01x", ""), garbled},
		{"a fragment of nothing", again("\x80\x01x", ""), garbled},
		{"not UTF-8", again("\x81\x02\xff\xfe", "\x8a\x00"), append(garbled, asserted...)},
		{"drips", socket(t, func(c net.Conn) { spew(c, "\x81\x7e\x10\x00", "x", dripPause) }), append(late, asserted...)},
		{"no upgrade", says(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), statuses},
		{"no key", says(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), garbled},
		{"headers drip", answering(t, func(c net.Conn) { spew(c, "HTTP/1.1 101 Switching Protocols\r\n", "a", dripPause) }), late},
		{"headers without end", answering(t, func(c net.Conn) { spew(c, "HTTP/1.1 101 Switching Protocols\r\n", "a: b\r\n", 0) }), headers},
	} {
		out = append(out, hostile{"websocket, " + s.name, "ws://" + s.addr, `{"expect":"never"}`, uptime.KindWebSocket, s.want})
	}
	return out
}

// hostileLines are servers that speak before they are spoken to, or too much.
func hostileLines(t testing.TB) []hostile {
	talk := func(first, piece string) string {
		return targets.Raw(t, func(c net.Conn) { spew(c, first, piece, 0) })
	}
	after := func(greeting string, f func(c net.Conn)) string { // the first line of the client
		return targets.Raw(t, func(c net.Conn) {
			if _, err := io.WriteString(c, greeting); err == nil {
				if _, err = bufio.NewReader(c).ReadString('\n'); err == nil {
					f(c)
				}
			}
		})
	}
	drip := targets.Raw(t, func(c net.Conn) { spew(c, "", "2", dripPause) })
	mute := targets.Raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	return []hostile{
		{"smtp, banner without end", talk("", "220-x\r\n"), ``, uptime.KindSMTP, tooMuch},
		{"smtp, line without end", talk("220 ", strings.Repeat("x", 1<<10)), ``, uptime.KindSMTP, garbled},
		{"smtp, codes that change", talk("", "220-x\r\n250-x\r\n"), ``, uptime.KindSMTP, garbled},
		{"smtp, drips", drip, ``, uptime.KindSMTP, late},
		{"smtp, mute", mute, ``, uptime.KindSMTP, late},
		{"smtp, extensions without end", after("220 x\r\n", func(c net.Conn) { spew(c, "", "250-STARTTLS\r\n", 0) }), ``, uptime.KindSMTP, tooMuch},
		{"smtp, talks into the handshake", after("220 x\r\n", func(c net.Conn) { spew(c, "250 STARTTLS\r\n220 go\r\n", "220 and on\r\n", 0) }), ``, uptime.KindSMTP, append(garbled, noTLS...)},
		{"smtp, garbage", talk("", "\x00\xff\r\n"), ``, uptime.KindSMTP, garbled},
		{"tcp, floods", talk("", strings.Repeat("x", 8<<10)), `{"steps":[{"expect":"never"}]}`, uptime.KindTCP, tooMuch},
		{"tcp, floods a slow expression", talk("", strings.Repeat("a", 8<<10)), `{"steps":[{"expect":"(?:a{0,30}){15}b"}]}`, uptime.KindTCP, append(tooMuch, asserted...)},
		{"tcp, drips", drip, `{"steps":[{"expect":"(a|2)*b"}]}`, uptime.KindTCP, asserted},
		{"tcp, mute", mute, `{"steps":[{"expect":"x"}]}`, uptime.KindTCP, late},
		{"tcp, captures everything", talk("", strings.Repeat("x", 8<<10)), `{"steps":[{"expect":"(?s)(x+)y?"},{"send":"${1}${1}${1}"},{"expect":"never"}]}`, uptime.KindTCP, append(tooMuch, uptime.ReasonReset)},
		{"tcp, talks into the handshake", talk("go\n", "and on\n"), `{"steps":[{"expect":"go"},{"starttls":true}]}`, uptime.KindTCP, append(garbled, noTLS...)},
		{"grpc, garbage", talk("", "\x00\x00\x04\xff"), `{"security":"none"}`, uptime.KindGRPC, nil},
		{"grpc, HTTP/1.1", talk("HTTP/1.1 200 OK\r\n\r\n", "x"), `{"security":"none"}`, uptime.KindGRPC, garbled},
		{"grpc, mute", mute, `{"security":"none"}`, uptime.KindGRPC, late},
	}
}

func hostilePackets(t testing.TB) []hostile {
	question := func(q []byte) *dns.Msg {
		m := new(dns.Msg)
		if m.Unpack(q) != nil || len(m.Question) == 0 {
			return nil
		}
		return m
	}
	// reply answers with the question and what follows it in the message.
	reply := func(q []byte, answers int, rest string) string {
		m := question(q)
		if m == nil {
			return ""
		}
		r := new(dns.Msg)
		r.SetReply(m)
		b, err := r.Pack()
		if err != nil {
			return ""
		}
		binary.BigEndian.PutUint16(b[6:], uint16(answers))
		return string(b) + rest
	}
	udp := func(f func(q []byte) string) string {
		return targets.Packets(t, func(q []byte) [][]byte {
			out := make([][]byte, 150) // more than are looked at
			for i := range out {
				out[i] = []byte(f(q))
			}
			return out
		})
	}
	stream := func(f func(q []byte, c net.Conn)) string {
		return targets.Raw(t, func(c net.Conn) {
			var length [2]byte
			if _, err := io.ReadFull(c, length[:]); err != nil {
				return
			}
			q := make([]byte, binary.BigEndian.Uint16(length[:]))
			if _, err := io.ReadFull(c, q); err == nil {
				f(q, c)
			}
		})
	}
	framed := func(s string) string { return string(binary.BigEndian.AppendUint16(nil, uint16(len(s)))) + s }
	const loop = "\xc0\x1d\x00\x10\x00\x01\x00\x00\x00\x00\x00\x02\xc0\x1d" // a name that points to itself
	huge := "\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x00\xea\x60" + strings.Repeat("\xff"+strings.Repeat("\x80", 255), 60_000/256) + strings.Repeat("\x00", 60_000%256)
	var out []hostile
	for _, s := range []struct {
		name, addr, protocol string
		want                 []uptime.Reason
	}{
		{"names in a loop", udp(func(q []byte) string { return reply(q, 1, loop) }), "udp", garbled},
		{"many names in a loop", udp(func(q []byte) string { return reply(q, 500, strings.Repeat(loop, 90)) }), "udp", garbled},
		{"more answers than there are", udp(func(q []byte) string { return reply(q, 65535, "") }), "udp", nil},
		{"wrong ids", udp(func(q []byte) string { return string(q[:1]) + "\x00" + reply(q, 0, "")[2:] }), "udp", garbled},
		{"the question itself", udp(func(q []byte) string { return string(q) }), "udp", garbled},
		{"garbage", udp(func([]byte) string { return strings.Repeat("\xff", 1400) }), "udp", garbled},
		{"empty packets", udp(func([]byte) string { return "" }), "udp", garbled},
		{"mute", targets.Packets(t, func([]byte) [][]byte { return nil }), "udp", late},
		{"a text of 60 KiB", stream(func(q []byte, c net.Conn) { _, _ = io.WriteString(c, framed(reply(q, 1, huge))) }), "tcp", asserted},
		{"names in a loop", stream(func(q []byte, c net.Conn) { _, _ = io.WriteString(c, framed(reply(q, 1, loop))) }), "tcp", garbled},
		{"less than it says", stream(func(q []byte, c net.Conn) { _, _ = io.WriteString(c, "\xff\xff"+reply(q, 0, "")) }), "tcp", broken},
		{"drips", stream(func(_ []byte, c net.Conn) { spew(c, "\xff\xff", "\x00", dripPause) }), "tcp", late},
		{"messages without end", stream(func(_ []byte, c net.Conn) { spew(c, "", "\x00\x00", 0) }), "tcp", garbled},
	} {
		settings := fmt.Sprintf(`{"nameserver":%q,"protocol":%q,"record":"TXT","expect":{"values":["never"],"match":"all"}}`, s.addr, s.protocol)
		out = append(out, hostile{"dns, " + s.name, "example.org", settings, uptime.KindDNS, s.want})
	}
	return append(out,
		hostile{"udp, floods", packets(t, strings.Repeat("x", 1<<10)), `{"send":"x","expect":"never","tries":3}`, uptime.KindUDP, asserted},
		hostile{"udp, big packets", packets(t, strings.Repeat("x", 60<<10)), `{"send":"x","expect":"(?:x{0,30}){15}b"}`, uptime.KindUDP, append(asserted, late...)},
		hostile{"udp, empty packets", packets(t, ""), `{"send":"x","expect":"never"}`, uptime.KindUDP, asserted},
	)
}

// registries are the servers of top-level domains, each with a vice of its own; every
// check asks for another domain, as each is asked for once only.
func registries(t testing.TB) (bootstrap string, domains map[string][]uptime.Reason) {
	none := []uptime.Reason{uptime.ReasonRegistry}
	const ok = "HTTP/1.1 200 OK\r\n"
	loop := targets.New(t, targets.RedirectLoop())
	vices := map[string]string{
		"endless": answering(t, func(c net.Conn) { spew(c, ok+"\r\n", `{"a":"`+strings.Repeat("x", 8<<10)+`"},`, 0) }),
		"deep":    says(t, ok+sized(strings.Repeat("[", 500<<10))),
		"drips":   answering(t, func(c net.Conn) { spew(c, ok+"\r\n{", " ", dripPause) }),
		"busy":    says(t, "HTTP/1.1 429 No\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n"),
		"loops":   targets.HostPort(loop.URL),
		"other":   says(t, ok+sized(`{"ldhName":"another.example","events":[{"eventAction":"expiration","eventDate":"2099-01-01"}]}`)),
		"odd":     says(t, ok+sized(`{"events":{"a":1},"entities":"x","status":7}`)),
		"headers": answering(t, func(c net.Conn) { spew(c, ok, "X: y\r\n", 0) }),
		"closes":  targets.Raw(t, func(net.Conn) {}),
	}
	domains = map[string][]uptime.Reason{"unheard-of": {uptime.ReasonUnsupported}}
	var services []string
	for tld, addr := range vices {
		services = append(services, fmt.Sprintf(`[[%q],["http://%s/"]]`, tld, addr))
		domains[tld] = none
	}
	list := `{"services":[[],[[]],` + strings.Join(services, ",") + `]}`
	web := targets.New(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, list) })
	return web.URL, domains
}
