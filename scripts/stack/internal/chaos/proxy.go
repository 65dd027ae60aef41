package chaos

import (
	"context"
	"fmt"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// link is one way between the fleet and an engine that can be cut, slowed and led
// elsewhere.
type link struct{ proxy *toxiproxy.Proxy }

// newLink listens on a port of loopback and leads to an address there.
func newLink(name string, port int, to string) (*link, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{proxy: toxiproxy.NewProxy(server, name, fmt.Sprintf("127.0.0.1:%d", port), to)}
	return l, l.proxy.Start()
}

// refuse breaks all connections and refuses new ones until mend.
func (l *link) refuse() { l.proxy.Stop() }

// silence lets connections stand and swallows what is sent on them until mend, as a
// cut cable does.
func (l *link) silence() error {
	for _, stream := range []string{"upstream", "downstream"} {
		toxic := fmt.Sprintf(`{"name":"silence-%[1]s","type":"timeout","stream":"%[1]s","attributes":{"timeout":0}}`, stream)
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return err
		}
	}
	return nil
}

// mend undoes refuse and silence.
func (l *link) mend(ctx context.Context) error {
	l.proxy.Toxics.ResetToxics(ctx)
	if l.proxy.Enabled {
		return nil
	}
	return l.proxy.Start()
}

// lead leads to another address from now on; connections to the old one break.
func (l *link) lead(to string) error {
	l.proxy.Stop()
	l.proxy.Upstream = to
	return l.proxy.Start()
}
