package incident

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// writeExpiries writes when things end and what was warned of: that a warning is in its
// row proves, to whoever folds the same results again, that its alerts are written.
func (b *batch) writeExpiries(ctx context.Context) error {
	var ends, warned []postgres.Expiry
	var untold []bool
	for i := range b.units {
		for _, e := range b.units[i].Expiries {
			ends = append(ends, e.Expiry)
			if e.Warn {
				warned, untold = append(warned, e.Expiry), append(untold, b.subjects[e.Monitor].Muted)
			}
		}
	}
	if err := postgres.UpsertExpiries(ctx, b.tx, ends); err != nil {
		return err
	}
	return postgres.SetExpiriesUntold(ctx, b.tx, warned, untold)
}

// expiryNews tells that something ends soon.
func expiryNews(u *unit.Unit, s *postgres.Subject) []news {
	var all []news
	for i := range u.Expiries {
		e := &u.Expiries[i]
		if !e.Warn {
			continue
		}
		ends := e.At.Time()
		m := messageOf(s, alert.EventExpiry, expirySentence(e.Subject, ends))
		m.Expiry = &alert.Expiry{Subject: string(e.Subject), EndsAt: ends, Days: e.Warned}
		if u.State != nil {
			m.Verdict = u.State.Verdict
		}
		all = append(all, news{message: m, subject: expirySubject(u.Monitor, &e.Expiry), wants: []alert.Event{alert.EventExpiry}})
	}
	return all
}

func expirySentence(subject expiry.Subject, ends time.Time) string {
	what := "The certificate ends"
	if subject == expiry.Domain {
		what = "The registration of the domain ends"
	}
	return fmt.Sprintf("%s at %s", what, alert.Instant(ends))
}

// expirySubject names one threshold of one end, for the key of what is told of it. Two
// certificates that end on the same day are one story.
func expirySubject(monitor uptime.ID, e *postgres.Expiry) string {
	return "expiry:" + monitor.String() + ":" + string(e.Subject) + ":" + e.At.Time().Format(time.DateOnly) + ":" + strconv.Itoa(e.Warned)
}
