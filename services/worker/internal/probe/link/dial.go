package link

import (
	"context"
	"net"
	"time"

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
	return &Conn{Conn: conn, stop: stop}, nil
}

// Network names a network of net for a version of IP, as in tcp4.
func Network(network, ipVersion string) string {
	if ipVersion == "4" || ipVersion == "6" {
		return network + ipVersion
	}
	return network
}
