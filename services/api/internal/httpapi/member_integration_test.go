//go:build integration

package httpapi_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

var members atomic.Int64

// member makes an account with a role in an organisation, none for the empty one, and
// signs it in. Its password is nobody's.
func (f *fleet) member(org uptime.ID, role string) (*person, uptime.ID) {
	f.t.Helper()
	a := postgres.Account{ID: uptime.NewID(time.Now()), Email: fmt.Sprintf("member%d@example.com", members.Add(1))}
	f.ok(f.store.Tx(f.t.Context(), func(tx pgx.Tx) error {
		if role != "" {
			return postgres.CreateMember(f.t.Context(), tx, a, org, role)
		}
		_, err := tx.Exec(f.t.Context(), "INSERT INTO account (id, email, password_hash) VALUES ($1, $2, '')", a.ID, a.Email)
		return err
	}))
	p := f.person()
	p.enter(a.ID)
	return p, a.ID
}

// enter signs an account in without its password.
func (p *person) enter(account uptime.ID) {
	p.f.t.Helper()
	token := auth.NewToken()
	hash, _ := auth.ParseToken(token)
	now := time.Now()
	_, err := p.f.store.CreateSession(p.f.t.Context(), postgres.Session{
		ID: uptime.NewID(now), AccountID: account, Hash: hash, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	})
	p.f.ok(err)
	p.cookie = &http.Cookie{Name: "probefleet", Value: token}
}

// me returns who a person is.
func (p *person) me() me {
	p.f.t.Helper()
	var who me
	p.call("GET", "/v1/me", nil).want(200, &who)
	return who
}
