package dnsprobe

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

const (
	// udpSize is what we take over UDP: more would be fragmented on many paths (DNS flag
	// day 2020).
	udpSize = 1232
	// sends is how often a question is sent over UDP within its time.
	sends = 3
	// maxStrays bounds how many datagrams that are no answer to the question are looked at
	// between two sends.
	maxStrays = 100
)

// query is one attempt.
type query struct {
	env      *probe.Env
	settings *monitorspec.DNS
	question dns.Question
	own      bool // to the worker's own name server
	trace    *link.Trace
	hands    *link.Handshakes
}

// exchange puts the question to one server.
func (q *query) exchange(ctx context.Context, server string) (*dns.Msg, error) {
	m, err := q.once(ctx, server, true)
	if err == nil && m.Rcode == dns.RcodeFormatError && m.IsEdns0() == nil && q.settings.Rcode != "FORMERR" {
		return q.once(ctx, server, false) // it does not know EDNS (RFC 6891, section 7)
	}
	return m, err
}

func (q *query) once(ctx context.Context, server string, edns bool) (*dns.Msg, error) {
	m := q.message(edns)
	packed, err := m.Pack()
	if err != nil {
		return nil, link.Failf(uptime.ReasonInvalid, "the question cannot be written: %s", err)
	}
	if q.settings.Protocol == "udp" {
		answer, err := q.overUDP(ctx, server, m.Id, packed)
		if err != nil || !answer.Truncated {
			return answer, err
		}
		q.trace.Return(link.StageConnect)
	}
	return q.overStream(ctx, server, m.Id, packed)
}

func (q *query) message(edns bool) *dns.Msg {
	m := new(dns.Msg)
	var id [2]byte
	_, _ = rand.Read(id[:]) // crypto/rand.Read never fails since Go 1.24.
	m.Id = binary.BigEndian.Uint16(id[:])
	m.RecursionDesired = q.settings.WantsRecursion()
	m.AuthenticatedData = q.settings.DNSSEC // we would understand the flag (RFC 6840, section 5.7)
	m.Question = []dns.Question{q.question}
	if edns {
		m.SetEdns0(udpSize, q.settings.DNSSEC)
	}
	return m
}

func (q *query) dial(ctx context.Context, network, server string) (*link.Conn, error) {
	if q.own {
		return link.DialBy(ctx, &net.Dialer{KeepAlive: -1}, q.trace, network, server)
	}
	return link.Dial(ctx, q.env, q.trace, network, q.settings.IPVersion, server)
}

// overUDP sends the question until an answer comes.
func (q *query) overUDP(ctx context.Context, server string, id uint16, packed []byte) (*dns.Msg, error) {
	conn, err := q.dial(ctx, "udp", server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	pause := time.Minute
	if deadline, ok := ctx.Deadline(); ok {
		pause = time.Until(deadline) / sends
	}
	outcome := os.ErrDeadlineExceeded
	for range sends {
		if _, err := conn.Write(packed); err != nil {
			return nil, err
		}
		m, err := q.await(ctx, conn, id, time.Now().Add(pause))
		if err == nil {
			return m, nil
		}
		if stray := (*link.Failure)(nil); errors.As(err, &stray) {
			outcome = err
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, err
		}
	}
	return nil, outcome
}

// await reads datagrams until one answers the question. Others may be forged, or late,
// and are passed over.
func (q *query) await(ctx context.Context, conn net.Conn, id uint16, until time.Time) (*dns.Msg, error) {
	outcome := os.ErrDeadlineExceeded
	buf := make([]byte, dns.MaxMsgSize)
	for range maxStrays {
		if err := conn.SetReadDeadline(until); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, outcome
		}
		n, err := conn.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, outcome
		}
		if err != nil {
			return nil, err
		}
		q.trace.Enter(link.StageAnswered)
		m, err := q.read(buf[:n], id)
		if err == nil {
			return m, nil
		}
		outcome = err
	}
	return nil, outcome
}

// overStream asks over TCP or TLS.
func (q *query) overStream(ctx context.Context, server string, id uint16, packed []byte) (*dns.Msg, error) {
	conn, err := q.dial(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	stream := net.Conn(conn)
	if q.settings.Protocol == "tls" {
		if stream, err = q.hands.Secure(ctx, q.env, q.trace, conn, &q.settings.TLS, link.HostOf(server)); err != nil {
			return nil, err
		}
	}
	framed := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(packed)), uint16(len(packed)))
	if _, err := stream.Write(append(framed, packed...)); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(stream, length[:]); err != nil {
		return nil, err
	}
	q.trace.Enter(link.StageAnswered)
	buf := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(stream, buf); err != nil {
		return nil, err
	}
	return q.read(buf, id)
}

// read decodes an answer and refuses what does not belong to the question.
func (q *query) read(b []byte, id uint16) (*dns.Msg, error) {
	m := new(dns.Msg)
	if err := m.Unpack(b); err != nil {
		return nil, link.Failf(uptime.ReasonProtocol, "the answer is not a DNS message: %s", err)
	}
	switch {
	case m.Id != id || !m.Response:
		return nil, link.Failf(uptime.ReasonProtocol, "the answer is not to our question")
	case len(m.Question) == 0 && m.Rcode != dns.RcodeSuccess: // some servers leave it out of errors
	case len(m.Question) != 1 || m.Question[0].Qtype != q.question.Qtype || !strings.EqualFold(m.Question[0].Name, q.question.Name):
		return nil, link.Failf(uptime.ReasonProtocol, "the answer is to another question")
	}
	return m, nil
}

// values returns the records of a type among the answers in their normal form.
func values(m *dns.Msg, record string) []string {
	var out []string
	for _, rr := range m.Answer {
		if rr.Header().Rrtype != dns.StringToType[record] {
			continue // the aliases on the way
		}
		text := strings.TrimPrefix(rr.String(), rr.Header().String())
		if txt, ok := rr.(*dns.TXT); ok {
			text = unescape(strings.Join(txt.Txt, ""))
		}
		out = append(out, monitorspec.NormaliseAnswer(record, text))
	}
	return out
}

// unescape turns \" and \195 of the presentation form back into what they stand for.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\' || i+1 == len(s):
			b.WriteByte(s[i])
		case i+3 < len(s) && isDigit(s[i+1]) && isDigit(s[i+2]) && isDigit(s[i+3]):
			b.WriteByte((s[i+1]-'0')*100 + (s[i+2]-'0')*10 + s[i+3] - '0')
			i += 3
		default:
			i++
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
