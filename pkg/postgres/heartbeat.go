package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Heartbeat is where a job calls in, and what its calls came to.
type Heartbeat struct {
	TokenHash   []byte // SHA-256 of the token, by which it is found; not read back
	TokenSealed []byte // the token, sealed for [HeartbeatTokenPlace]
	Pulse
}

// Pulse is what is known of a heartbeat's runs.
type Pulse struct {
	Monitor uptime.ID
	Last    uptime.Instant // when a run last finished; zero: never
	OK      bool
	Message string
	Run     time.Duration  // of the last run; zero: not known
	Started uptime.Instant // of a run that has not finished
	Late    uptime.Instant // when silence begins to count; zero: it has never called
}

// HeartbeatTokenPlace is the additional data under which the token of a heartbeat is
// sealed at rest: tenant, object, field.
func HeartbeatTokenPlace(org, monitor uptime.ID) []string {
	return []string{org.String(), "monitor/" + monitor.String(), "heartbeat"}
}

// Called is the monitor that a token stands for.
type Called struct {
	Monitor  uptime.ID
	Revision int64
}

// HeartbeatByToken returns the monitor of a token by the token's SHA-256, or ErrNotFound.
func (s *Store) HeartbeatByToken(ctx context.Context, hash []byte) (Called, error) {
	row, err := s.q.HeartbeatByToken(ctx, hash)
	if err != nil {
		return Called{}, fmt.Errorf("heartbeat by its token: %w", classify(err))
	}
	return Called{Monitor: row.ID, Revision: row.Revision}, nil
}

// RotateHeartbeat gives a heartbeat of the tenant another token and returns the hash of
// the one before; ErrNotFound if the monitor is none.
func (s *Store) RotateHeartbeat(ctx context.Context, org, monitor uptime.ID, hash, sealed []byte) ([]byte, error) {
	was, err := s.q.RotateHeartbeat(ctx, dbgen.RotateHeartbeatParams{
		OrgID: org, MonitorID: monitor, TokenHash: hash, TokenSealed: sealed,
	})
	if err != nil {
		return nil, fmt.Errorf("rotate the token of %s: %w", monitor, classify(err))
	}
	return was, nil
}

// insertHeartbeat stores the token of a new monitor that calls in by itself.
func insertHeartbeat(ctx context.Context, tx pgx.Tx, m *Monitor) error {
	if m.Heartbeat == nil {
		return nil
	}
	err := dbgen.New(tx).InsertHeartbeat(ctx, dbgen.InsertHeartbeatParams{
		MonitorID: m.ID, OrgID: m.OrgID, TokenHash: m.Heartbeat.TokenHash, TokenSealed: m.Heartbeat.TokenSealed,
	})
	if err != nil {
		return fmt.Errorf("insert heartbeat of %s: %w", m.ID, classify(err))
	}
	return nil
}

// withHeartbeats fills in the heartbeats among monitors.
func withHeartbeats(ctx context.Context, db dbgen.DBTX, monitors ...*Monitor) error {
	at := map[uptime.ID]*Monitor{}
	var ids []uptime.ID
	for _, m := range monitors {
		if m.Kind == uptime.KindHeartbeat {
			at[m.ID] = m
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := dbgen.New(db).Heartbeats(ctx, ids)
	if err != nil {
		return fmt.Errorf("read %d heartbeats: %w", len(ids), err)
	}
	for _, r := range rows {
		at[r.MonitorID].Heartbeat = &Heartbeat{TokenSealed: r.TokenSealed, Pulse: Pulse{
			Monitor: r.MonitorID, Last: uptime.InstantOf(deref(r.LastAt)), OK: deref(r.LastOk), Message: r.LastMessage,
			Run: time.Duration(deref(r.DurationMs)) * time.Millisecond, Started: uptime.InstantOf(deref(r.StartedAt)),
			Late: uptime.InstantOf(deref(r.LateAt)),
		}}
	}
	return nil
}

// SavePulses writes what is known of heartbeats, at most once each.
func SavePulses(ctx context.Context, tx pgx.Tx, pulses []Pulse) error {
	if len(pulses) == 0 {
		return nil
	}
	n := len(pulses)
	p := dbgen.SavePulsesParams{
		MonitorIds: make([]uptime.ID, n), LastAts: make([]time.Time, n), LastOks: make([]bool, n), LastMessages: make([]string, n),
		DurationsMs: make([]int64, n), StartedAts: make([]time.Time, n), LateAts: make([]time.Time, n),
	}
	for i, v := range pulses {
		p.MonitorIds[i], p.LastAts[i], p.LastOks[i] = v.Monitor, v.Last.Time(), v.OK
		p.LastMessages[i], p.DurationsMs[i] = PlainText(v.Message), v.Run.Milliseconds()
		p.StartedAts[i], p.LateAts[i] = v.Started.Time(), v.Late.Time()
	}
	if err := dbgen.New(tx).SavePulses(ctx, p); err != nil {
		return fmt.Errorf("save %d heartbeats: %w", n, err)
	}
	return nil
}

// Listening is a stretch of time in which the calls of heartbeats could be taken.
type Listening struct {
	Since, Until uptime.Instant
}

// Listening returns the last such stretch of a shard, zero if there was none.
func (s *Store) Listening(ctx context.Context, shard int) (Listening, error) {
	row, err := s.q.Listening(ctx, int32(shard))
	if errors.Is(err, pgx.ErrNoRows) {
		return Listening{}, nil
	}
	if err != nil {
		return Listening{}, fmt.Errorf("read when heartbeats were listened for: %w", err)
	}
	return Listening{Since: uptime.InstantOf(row.Since), Until: uptime.InstantOf(row.Until)}, nil
}

func saveListening(ctx context.Context, tx pgx.Tx, shard int, l Listening) error {
	if l == (Listening{}) {
		return nil
	}
	err := dbgen.New(tx).SaveListening(ctx, dbgen.SaveListeningParams{
		Shard: int32(shard), Since: l.Since.Time(), Until: l.Until.Time(),
	})
	if err != nil {
		return fmt.Errorf("save when heartbeats were listened for: %w", err)
	}
	return nil
}
