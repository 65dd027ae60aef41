package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Letter is a dead letter: something that could not be used, and why.
type Letter struct {
	ID      string
	At      time.Time
	Kind    string // checks, urgent, results, ticks
	Why     string
	Payload []byte
}

// DeadLetter keeps something that cannot be used, for people to look at; of many, the newest.
func (c *Client) DeadLetter(ctx context.Context, l Lane, kind string, payload []byte, why string) error {
	err := c.cmd.XAdd(ctx, &redis.XAddArgs{
		Stream: l.dlq(), MaxLen: maxDeadLetters, Approx: true,
		Values: []any{"kind", kind, "why", why, "payload", payload},
	}).Err()
	if err != nil {
		return fmt.Errorf("dead letter of %v: %w", l, err)
	}
	return nil
}

// DeadLetters returns up to most dead letters, newest first.
func (c *Client) DeadLetters(ctx context.Context, l Lane, most int) ([]Letter, error) {
	messages, err := c.cmd.XRevRangeN(ctx, l.dlq(), "+", "-", int64(most)).Result()
	if err != nil {
		return nil, fmt.Errorf("dead letters of %v: %w", l, err)
	}
	letters := make([]Letter, 0, len(messages))
	for _, m := range messages {
		kind, _ := m.Values["kind"].(string)
		why, _ := m.Values["why"].(string)
		payload, _ := m.Values["payload"].(string)
		letters = append(letters, Letter{ID: m.ID, At: IDTime(m.ID), Kind: kind, Why: why, Payload: []byte(payload)})
	}
	return letters, nil
}
