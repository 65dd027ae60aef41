package heartbeat

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// markEvery is how often it is marked that calls can be taken: a third of what the
	// aggregator takes for a gap.
	markEvery = 5 * time.Second
	markTime  = 3 * time.Second
	// retryEvery keeps a gap from growing by more than what made it.
	retryEvery = time.Second
	// complainAfter is how many marks in a row fail before it is said: at the start some may.
	complainAfter = 5
)

// Listen marks regularly that calls can be taken, for as long as they can: token and call
// find their way, to PostgreSQL and to Redis. It ends with ctx and returns nil.
func (d *Desk) Listen(ctx context.Context) error {
	timer := time.NewTimer(d.cfg.Every)
	defer timer.Stop()
	failures := 0
	for {
		err := d.mark(ctx)
		switch {
		case err == nil && failures >= complainAfter:
			d.cfg.Log.InfoContext(ctx, "calls of heartbeats can be taken again")
		case err != nil && failures == complainAfter-1 && ctx.Err() == nil:
			d.cfg.Log.WarnContext(ctx, "calls of heartbeats cannot be taken", "err", err)
		}
		if failures++; err == nil {
			failures = 0
			timer.Reset(d.cfg.Every)
		} else {
			timer.Reset(min(d.cfg.Every, retryEvery))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
	}
}

func (d *Desk) mark(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, markTime)
	defer cancel()
	if d.cfg.Gate != nil {
		if err := d.cfg.Gate(); err != nil {
			return err
		}
	}
	if !d.cfg.Clock.Synced() {
		return fmt.Errorf("%w: fleet time is not known yet", ErrAway)
	}
	if err := d.cfg.Store.Ping(ctx); err != nil {
		return err
	}
	return d.cfg.Queue.MarkListening(ctx, d.cfg.Shards, d.cfg.Clock.Now())
}

// message returns what a job says as plain text on one line, cut to [MaxMessage] bytes.
func message(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '\uFFFD'
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if len(text) <= MaxMessage {
		return text
	}
	n := MaxMessage
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
