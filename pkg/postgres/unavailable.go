package postgres

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Unavailable tells whether an error means that the database could not be asked, or
// has no schema yet, rather than that it said no.
func Unavailable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case strings.HasPrefix(pg.Code, "57P"), // shutting down, starting up, cannot connect now
			strings.HasPrefix(pg.Code, "53"),       // out of connections, memory or disk
			strings.HasPrefix(pg.Code, "08"),       // connection failure
			pg.Code == "42P01", pg.Code == "3F000": // no such table or schema
			return true
		}
		return false
	}
	var dial *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &dial) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) ||
		pgconn.SafeToRetry(err) || err != nil && strings.Contains(err.Error(), "unexpected EOF")
}
