//go:build integration

package postgres_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/migrations"
	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestExpiriesAreThoseOfTheTargetAsItIs(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	m := fixture.Monitor(t, s.Pool(), uptime.Monitor{OrgID: fixture.Org(t, s.Pool())})
	gone := uptime.NewID(time.Now())
	write := func(ends ...postgres.Expiry) {
		t.Helper()
		inTx(t, s, func(tx pgx.Tx) error { return postgres.UpsertExpiries(t.Context(), tx, ends) })
	}
	of := func(target int64, subject expiry.Subject, left time.Duration, warned int) postgres.Expiry {
		return postgres.Expiry{Monitor: m.ID, Target: target, Subject: subject, End: expiry.End{At: at(left), Seen: at(0), Warned: warned}}
	}
	check := func(what string, want ...postgres.Expiry) {
		t.Helper()
		judged, err := s.JudgedByID(t.Context(), []uptime.ID{m.ID})
		if err != nil || len(judged) != 1 {
			t.Fatalf("%d monitors, %v", len(judged), err)
		}
		if diff := cmp.Diff(want, judged[0].Ends, cmpopts.IgnoreFields(postgres.Expiry{}, "DaysLeft"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	certificate, domain := of(1, expiry.Certificate, time.Hour, 0), of(1, expiry.Domain, time.Minute, 7)
	other := certificate
	other.Monitor = gone
	write(certificate, domain, other, of(2, expiry.Certificate, time.Second, 1))
	check("the first end first, without those of nobody", domain, certificate)
	certificate.At, certificate.Warned, domain.Warned = at(2*time.Hour), 30, 0
	write(certificate, domain)
	check("changed", domain, certificate)
	for _, sql := range []string{
		"UPDATE monitor SET name = 'other', revision = revision + 1 WHERE id = $1", "UPDATE monitor SET target = 'https://other.test' WHERE id = $1",
	} {
		check("before", domain, certificate)
		if _, err := s.Pool().Exec(t.Context(), sql, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	check("of another target")
	write(certificate)
	check("what is written late of the old one")
	certificate.Target = 3
	write(certificate)
	check("of the new target", certificate)
}

func TestAWarningOfAMutedWebsiteStaysUntold(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	m := fixture.Monitor(t, s.Pool(), uptime.Monitor{OrgID: fixture.Org(t, s.Pool())})
	now := uptime.InstantOf(time.Now())
	write := func(left time.Duration, warned int) postgres.Expiry {
		t.Helper()
		e := postgres.Expiry{
			Monitor: m.ID, Target: 1, Subject: expiry.Certificate, End: expiry.End{At: now.Add(left), Seen: now, Warned: warned},
		}
		inTx(t, s, func(tx pgx.Tx) error { return postgres.UpsertExpiries(t.Context(), tx, []postgres.Expiry{e}) })
		return e
	}
	note := func(e postgres.Expiry, untold bool) {
		t.Helper()
		inTx(t, s, func(tx pgx.Tx) error {
			return postgres.SetExpiriesUntold(t.Context(), tx, []postgres.Expiry{e}, []bool{untold})
		})
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := s.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, want bool) {
		t.Helper()
		got, err := s.UntoldExpiries(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if found := len(got) == 1 && got[0] == m.ID; found != want || len(got) > 1 {
			t.Errorf("%s: untold are %v, want it among them: %v", what, got, want)
		}
	}
	check("without any", false)
	e := write(time.Hour, 7)
	check("warned of", false)
	note(e, true)
	check("untold", true)
	write(time.Hour, 7)
	check("seen again", true)
	for _, column := range []string{"muted", "paused"} {
		exec("UPDATE website SET " + column + " = true")
		check(column, false)
		exec("UPDATE website SET " + column + " = false")
	}
	exec("UPDATE website SET muted = true, muted_until = now() - interval '1 second'")
	check("no longer muted", true)
	note(e, false)
	check("made up for", false)
	note(e, true)
	write(1000*time.Hour, 0)
	check("renewed", false)
	note(write(-time.Hour, 1), true)
	check("over", false)
}

// TestChannelsThatHadTheDefaultHearOfExpiries goes back and forth by the migration.
func TestChannelsThatHadTheDefaultHearOfExpiries(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	text, err := fs.ReadFile(migrations.FS(), "0002_failure.sql")
	if err != nil {
		t.Fatal(err)
	}
	up, down, _ := strings.Cut(string(text), "-- +goose Down")
	run := func(sql string) {
		t.Helper()
		if _, err := s.Pool().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run(down)
	org := fixture.Org(t, s.Pool())
	fixture.Channel(t, s.Pool(), org, "down", "recovered")
	fixture.Channel(t, s.Pool(), org, "recovered", "down")
	fixture.Channel(t, s.Pool(), org, "down")
	fixture.Channel(t, s.Pool(), org, "down", "recovered", "fleet")
	check := func(want ...string) {
		t.Helper()
		rows, err := s.Pool().Query(t.Context(), `SELECT array_to_string(events, ' ') COLLATE "C" FROM channel ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	}
	run(up)
	check("down", "down recovered expiry", "down recovered fleet", "recovered down expiry")
	run(down)
	check("down", "down recovered", "down recovered fleet", "recovered down")
	run(up)
}
