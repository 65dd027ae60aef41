package httpapi

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/postgres"
)

var errNoBox = errors.New("no SEAL_KEY to seal letters with")

// mails tells whether the fleet sends letters: it has a mail server, and knows which
// address its links begin with. (That of a request may be anybody's idea.)
func (s *Server) mails() bool { return s.SMTPConfigured && s.PublicURL != "" }

// post writes a letter in the transaction of what it tells of, and tells whether it will
// be sent.
func (s *Server) post(ctx context.Context, tx pgx.Tx, l letter.Letter) (bool, error) {
	if !s.mails() {
		return false, nil
	}
	if s.Box == nil {
		return false, errNoBox
	}
	l.At, l.Fleet = s.Now(), s.PublicURL
	if l.Address == "" {
		l.Address = visitOf(ctx).address
	}
	args, err := letter.Seal(s.Box, l, s.Now())
	if err != nil {
		return false, err
	}
	return true, postgres.EnqueueLetter(ctx, tx, s.Jobs, args)
}

// The pages of the dashboard that letters lead to.
const (
	PageReset  = "/reset/"
	pageInvite = "/invited/"
)

// pageLink returns the address of a page for a token.
func (s *Server) pageLink(page, token string) string { return s.PublicURL + page + token }
