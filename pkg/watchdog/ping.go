package watchdog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/egress"
)

const (
	// PingEvery is how often the service outside hears that all is well.
	PingEvery = time.Minute
	// pingAgain is how soon a ping that failed is tried again: a lost packet must not
	// wake somebody.
	pingAgain = 10 * time.Second
	// pingTimeout is short: while it waits nobody looks after the fleet.
	pingTimeout = 5 * time.Second
	answerMost  = 64 << 10 // of an answer, which says nothing that is needed
)

// Pinger calls a URL that only the operator can set. So it may lie in a private
// network, as engines do; metadata services stay denied. The URL is a secret: whoever
// knows it can say that all is well.
type Pinger struct {
	url    config.Secret
	agent  string
	client *http.Client
}

// NewPinger returns nil without a URL.
func NewPinger(target config.Secret, version string) *Pinger {
	if target.IsZero() {
		return nil
	}
	everywhere := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	return &Pinger{url: target, agent: "probefleet/" + version, client: egress.New(everywhere).HTTPClient(egress.Config{
		Timeout: pingTimeout, DialTimeout: pingTimeout, // no redirects: elsewhere is nobody's business
	})}
}

// Ping calls the URL once. The error never shows it.
func (p *Pinger) Ping(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url.Reveal(), nil)
	if err != nil {
		return errors.New("its URL cannot be read")
	}
	req.Header.Set("User-Agent", p.agent)
	answer, err := p.client.Do(req)
	if err != nil {
		if named := (*url.Error)(nil); errors.As(err, &named) {
			err = named.Err // without the URL
		}
		return err
	}
	defer answer.Body.Close()
	if _, err := io.CopyN(io.Discard, answer.Body, answerMost); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("its answer broke off: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %d", answer.StatusCode)
	}
	return nil
}

// beats decides when to ping. Slack is half of the time between two questions, so that
// every is met on average and not one question late.
type beats struct {
	every, again, slack time.Duration
	next                time.Time
}

func (b *beats) due(now time.Time) bool { return !now.Before(b.next) }

func (b *beats) pinged(now time.Time, err error) {
	pause := b.every
	if err != nil {
		pause = min(b.again, b.every)
	}
	b.next = now.Add(pause - b.slack)
}
