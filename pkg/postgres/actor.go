package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

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

// attribute tells a transaction who acts, if somebody does. Nothing of it outlives the
// transaction, so that a pooler may hand the connection to anybody.
func attribute(ctx context.Context, tx pgx.Tx) error {
	a, ok := ctx.Value(actorKey{}).(Actor)
	if !ok {
		return nil
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
		return fmt.Errorf("encode actor: %w", err)
	}
	if _, err := tx.Exec(ctx, "SELECT set_config('probefleet.actor', $1, true)", string(text)); err != nil {
		return fmt.Errorf("name the actor: %w", err)
	}
	return nil
}

// attributing runs single statements on a pool. One that changes something while
// somebody acts gets a transaction that says who; a change that answers with more than
// one row has to bring its own.
type attributing struct{ *pgxpool.Pool }

func (p attributing) alone(ctx context.Context, sql string) bool {
	_, acting := ctx.Value(actorKey{}).(Actor)
	return !acting || reads(sql)
}

// reads tells whether a statement as sqlc writes it, with its name on the first line,
// only reads.
func reads(sql string) bool {
	_, statement, _ := strings.Cut(sql, "\n")
	return strings.HasPrefix(statement, "SELECT")
}

// Exec runs a statement without an answer.
func (p attributing) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	if p.alone(ctx, sql) {
		return p.Pool.Exec(ctx, sql, args...)
	}
	err = p.act(ctx, func(tx pgx.Tx) error {
		tag, err = tx.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

// QueryRow runs a statement that answers with a row when that is scanned.
func (p attributing) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if p.alone(ctx, sql) {
		return p.Pool.QueryRow(ctx, sql, args...)
	}
	return rowFunc(func(to ...any) error {
		return p.act(ctx, func(tx pgx.Tx) error { return tx.QueryRow(ctx, sql, args...).Scan(to...) })
	})
}

func (p attributing) act(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, p.Pool, func(tx pgx.Tx) error {
		if err := attribute(ctx, tx); err != nil {
			return err
		}
		return f(tx)
	})
}

type rowFunc func(to ...any) error

// Scan implements [pgx.Row].
func (f rowFunc) Scan(to ...any) error { return f(to...) }
