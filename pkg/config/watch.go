package config

import (
	"errors"
	"net/url"
)

// Watch is whom the fleet tells, outside of it, that all of it moves.
type Watch struct {
	PingURL Secret `env:"HEALTHCHECK_PING_URL" desc:"called (GET) every minute while every stage of the fleet moves, so that the service behind it alarms when nobody here can; the same for aggregator and api" type:"URL"`
}

// Validate implements [Validator]. The error does not show the URL: whoever knows it
// can say that all is well.
func (w *Watch) Validate() error {
	if w.PingURL == "" {
		return nil
	}
	u, err := url.Parse(w.PingURL.Reveal())
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("HEALTHCHECK_PING_URL is not an http:// or https:// address")
	}
	return nil
}
