package link

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// Conn is a connection that ends with the context it was dialled under.
type Conn struct {
	net.Conn
	stop func() bool
}

// Close implements [net.Conn].
func (c *Conn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// maxReceived is how many bytes a target may send on one connection, whatever it says with
// them: more than any answer that is taken, and little enough that a flood of frames
// which mean nothing ends before it has cost much.
const maxReceived = 2 << 20

// bounded is a connection that ends with too many bytes.
type bounded struct {
	net.Conn
	left atomic.Int64
}

// Bound ends a connection with a failure when its target sends more than any answer has.
func Bound(conn net.Conn) net.Conn {
	b := &bounded{Conn: conn}
	b.left.Store(maxReceived)
	return b
}

// Read implements [net.Conn].
func (b *bounded) Read(p []byte) (int, error) {
	if b.left.Load() <= 0 {
		return 0, Failf(uptime.ReasonBodyTooLarge, "more than %d MiB on one connection", maxReceived>>20)
	}
	n, err := b.Conn.Read(p)
	b.left.Add(-int64(n))
	return n, err
}

// Dial opens a connection to host:port, by tcp or udp and a version of IP (4, 6, anything
// else for both). Reading and writing end with ctx.
func Dial(ctx context.Context, env *probe.Env, t *Trace, network, ipVersion, address string) (*Conn, error) {
	if err := env.Guard.CheckHost(HostOf(address)); err != nil {
		return nil, err
	}
	return DialBy(ctx, env.Dialer(), t, Network(network, ipVersion), address)
}

// DialBy is [Dial] by a dialer of one's own, for what no tenant has a say in.
func DialBy(ctx context.Context, d *net.Dialer, t *Trace, network, address string) (*Conn, error) {
	conn, err := d.DialContext(t.Context(ctx), network, address)
	if err != nil {
		return nil, err
	}
	t.connected(conn)
	t.Enter(StageSent)
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(past) })
	return &Conn{Conn: Bound(conn), stop: stop}, nil
}

// Network names a network of net for a version of IP, as in tcp4.
func Network(network, ipVersion string) string {
	if ipVersion == "4" || ipVersion == "6" {
		return network + ipVersion
	}
	return network
}
