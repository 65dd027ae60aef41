package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// The pause after a lost connection grows from the first to the last of these, so
// that a database that restarts is neither missed for long nor hammered.
const (
	listenBackoffMin = 100 * time.Millisecond
	listenBackoffMax = 5 * time.Second
)

// Listen calls handle for each notification on the channels until ctx is cancelled,
// which it answers with nil. It keeps one connection of its own and reconnects for
// ever; after each (re)connection it calls handle once per channel with an empty
// payload, which means "anything may have changed". A handle that blocks delays
// the following notifications but loses none.
func (s *Store) Listen(ctx context.Context, channels []string, handle func(channel, payload string)) error {
	backoff := listenBackoffMin
	for {
		began := time.Now()
		err := s.listenOnce(ctx, channels, handle)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > listenBackoffMax {
			backoff = listenBackoffMin
		}
		slog.WarnContext(ctx, "listening to the database ended, will reconnect",
			"err", err, "pause_ms", backoff.Milliseconds())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, listenBackoffMax)
	}
}

func (s *Store) listenOnce(ctx context.Context, channels []string, handle func(channel, payload string)) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() {
		// The caller's context may be the reason for leaving.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // The server drops what it listens to with the connection.
	}()
	for _, channel := range channels {
		if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return fmt.Errorf("listen to %s: %w", channel, err)
		}
	}
	for _, channel := range channels {
		handle(channel, "")
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait: %w", err)
		}
		handle(n.Channel, n.Payload)
	}
}
