package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// The past that a website gets: this long was it watched, and measured for the end of it.
const (
	watched  = 30 * 24 * time.Hour
	measured = 25 * time.Hour
	every    = time.Minute
)

// past is what POST /history writes for one monitor, as if the fleet had seen it.
type past struct {
	Website uptime.ID          `json:"website"`
	Monitor uptime.ID          `json:"monitor"`
	BaseMS  map[string]float64 `json:"base_ms"` // by region
	Outages []outage           `json:"outages"` // the oldest first
}

type outage struct {
	HoursAgo float64       `json:"hours_ago"`
	Minutes  float64       `json:"minutes"`
	Reason   uptime.Reason `json:"reason"`
	Code     int           `json:"code"`
	Sentence string        `json:"sentence"`
}

func (o outage) span(now time.Time) (from, to time.Time) {
	from = now.Add(-time.Duration(o.HoursAgo * float64(time.Hour)))
	return from, from.Add(time.Duration(o.Minutes * float64(time.Minute)))
}

// history gives monitors a past, so that a picture of a fleet that was just started
// looks like one that has run for a month.
func history(ctx context.Context, fleet *stack.Stack, r *http.Request) error {
	var pasts []past
	if err := json.NewDecoder(r.Body).Decode(&pasts); err != nil {
		return err
	}
	db, err := pgx.Connect(ctx, fleet.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close(context.WithoutCancel(ctx))
	ticks, err := tsdb.Open(tsdb.Config{URL: fleet.InfluxURL})
	if err != nil {
		return err
	}
	// It keeps in memory since when a verdict has been so.
	if err := fleet.Halt(stack.Aggregator); err != nil {
		return err
	}
	now := time.Now()
	for i, p := range pasts {
		if err := p.write(ctx, db, now); err != nil {
			return err
		}
		if err := p.measure(ctx, ticks, now, rand.New(rand.NewPCG(1, uint64(i)))); err != nil {
			return err
		}
	}
	for _, l := range []tsdb.Level{tsdb.Level5m, tsdb.Level1h} {
		from, to := now.Add(-measured).Truncate(l.Width()), now.Truncate(l.Width())
		if _, err := ticks.RollUp(ctx, l, from, to); err != nil {
			return err
		}
	}
	return again(ctx, fleet, stack.Aggregator)
}

// write tells the database since when it was watched, and when it was down.
func (p past) write(ctx context.Context, db *pgx.Conn, now time.Time) error {
	begun := now.Add(-watched)
	batch := &pgx.Batch{}
	batch.Queue("UPDATE website SET created_at = $2 WHERE id = $1", p.Website, begun)
	batch.Queue("UPDATE monitor SET created_at = $2 WHERE id = $1", p.Monitor, begun)
	batch.Queue("DELETE FROM span WHERE monitor_id = $1 AND ended_at IS NOT NULL", p.Monitor)
	up := begun
	for _, o := range p.Outages {
		from, to := o.span(now)
		batch.Queue(`INSERT INTO span (monitor_id, org_id, started_at, ended_at, verdict, reason)
			SELECT id, org_id, $2::timestamptz, $3::timestamptz, 'up', '' FROM monitor WHERE id = $1
			UNION ALL SELECT id, org_id, $3, $4::timestamptz, 'down', $5 FROM monitor WHERE id = $1`, p.Monitor, up, from, to, o.Reason.String())
		batch.Queue(`INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, resolved_at, explanation, resolution, evidence)
			SELECT $2, org_id, website_id, id, 'down', $3, $4, $5, 'Up: every fresh region passed in 2 rounds', $6 FROM monitor WHERE id = $1`,
			p.Monitor, uptime.NewID(from), from, to, o.Sentence, p.evidence(o))
		up = to
	}
	batch.Queue("UPDATE span SET started_at = $2 WHERE monitor_id = $1 AND ended_at IS NULL", p.Monitor, up)
	batch.Queue("UPDATE monitor_state SET since = $2 WHERE monitor_id = $1", p.Monitor, up)
	return db.SendBatch(ctx, batch).Close()
}

// evidence is what the regions said of an outage.
func (p past) evidence(o outage) string {
	votes := make([]string, 0, len(p.BaseMS))
	for _, region := range p.regions() {
		votes = append(votes, fmt.Sprintf(`{"region": %q, "vote": "fail", "reason": %q, "status_code": %d, "counted": true}`, region, o.Reason, o.Code))
	}
	n := len(votes)
	return fmt.Sprintf(`{"round": 1, "quorum": {"mode": "majority", "k": %d, "n": %d, "failed": %d, "assigned": %d}, "votes": [%s], "rounds": []}`,
		n/2+1, n, n, n, strings.Join(votes, ", "))
}

func (p past) regions() []string {
	names := make([]string, 0, len(p.BaseMS))
	for name := range p.BaseMS {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// measure writes the checks of the last day: slower by day than by night, with noise,
// now and then a slow one, and failures while it was down.
func (p past) measure(ctx context.Context, store *tsdb.Client, now time.Time, chance *rand.Rand) error {
	var results []uptime.Result
	for at := now.Add(-measured).Truncate(every); at.Before(now.Add(-every)); at = at.Add(every) {
		hour := float64(at.Hour()) + float64(at.Minute())/60
		day := 1 + 0.25*math.Sin((hour-9)/24*2*math.Pi)
		for _, region := range p.regions() {
			ms := p.BaseMS[region] * day * math.Exp(0.12*chance.NormFloat64())
			if chance.IntN(120) == 0 {
				ms *= 1.5 + 2*chance.Float64()
			}
			r := uptime.Result{
				Monitor: p.Monitor, Region: region, Due: uptime.InstantOf(at), Started: uptime.InstantOf(at),
				Outcome: uptime.OutcomePass, Code: http.StatusOK, Attempts: 1, Phases: phases(ms),
			}
			for _, o := range p.Outages {
				if from, to := o.span(now); !at.Before(from) && at.Before(to) {
					r.Outcome, r.Reason, r.Code = uptime.OutcomeFail, o.Reason, o.Code
				}
			}
			results = append(results, r)
		}
	}
	const atOnce = 2000
	for some := range slices.Chunk(results, atOnce) {
		if err := store.Write(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// phases divides a time among the phases of a request, as a website far away does.
func phases(ms float64) uptime.Phases {
	part := func(share float64) time.Duration { return time.Duration(ms * share * float64(time.Millisecond)) }
	return uptime.Phases{DNS: part(0.04), Connect: part(0.2), TLS: part(0.26), TTFB: part(0.42), Transfer: part(0.08), Total: part(1)}
}
