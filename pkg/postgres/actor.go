package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// The kinds of actors.
const (
	ActorKey    = "api_key"
	ActorSystem = "system" // a command of the operator, or the first start
)

// Actor is who changes something, for the audit log.
type Actor struct {
	Kind      string    `json:"kind"`
	ID        uptime.ID `json:"-"` // of the key; zero: none
	Name      string    `json:"name"`
	Address   string    `json:"address"` // of the client; empty: none
	Request   string    `json:"request"`
	Operation string    `json:"operation"`
}

type actorKey struct{}

// WithActor names who makes the changes of a context. Triggers write each of them down
// in its own transaction, so that there is no change without its record. Changes of a
// context without an actor are the fleet's own and leave none.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// actorSetting is the setting by which triggers know who acts; empty: nobody does.
func actorSetting(ctx context.Context) (string, error) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	if !ok {
		return "", nil
	}
	var id *string
	if !a.ID.IsZero() {
		text := a.ID.String()
		id = &text
	}
	text, err := json.Marshal(struct {
		Actor
		ID *string `json:"id"`
	}{a, id})
	if err != nil {
		return "", fmt.Errorf("encode actor: %w", err)
	}
	return string(text), nil
}
