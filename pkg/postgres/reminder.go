package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
)

// LostReminder is a reminder that an incident wants and that no job will tell.
type LostReminder struct {
	alert.RemindArgs
	// Due is when it should be told: an interval after the last alert.
	Due time.Time
}

// LostReminders returns at most limit of them: of open, unacknowledged incidents of
// which a channel with reminders was told, without a job. They come from reminders
// that were turned on while an incident was open, and from jobs that got lost.
func (s *Store) LostReminders(ctx context.Context, limit int) ([]LostReminder, error) {
	const query = `-- name: LostReminders
SELECT i.id, c.id, count(*) FILTER (WHERE d.transition = 'reminder') + 1,
       greatest(max(d.finished_at) + c.reminder_seconds * interval '1 second', now())
FROM incident i
JOIN delivery d ON d.incident_id = i.id AND d.transition IN ('down', 'reminder')
JOIN channel c ON c.id = d.channel_id
WHERE i.resolved_at IS NULL AND i.acknowledged_at IS NULL AND c.enabled AND c.reminder_seconds > 0
  AND NOT EXISTS (SELECT FROM river_job j
                  WHERE j.kind = $1 AND j.args @> jsonb_build_object('incident_id', i.id, 'channel_id', c.id)
                    AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))
GROUP BY i.id, c.id
HAVING bool_and(d.status <> 'pending') AND bool_or(d.status IN ('delivered', 'combined'))
LIMIT $2`
	rows, err := s.pool.Query(ctx, query, alert.RemindArgs{}.Kind(), limit)
	if err != nil {
		return nil, fmt.Errorf("lost reminders: %w", err)
	}
	defer rows.Close()
	var lost []LostReminder
	for rows.Next() {
		var r LostReminder
		if err := rows.Scan(&r.IncidentID, &r.ChannelID, &r.Number, &r.Due); err != nil {
			return nil, fmt.Errorf("lost reminders: %w", err)
		}
		lost = append(lost, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("lost reminders: %w", err)
	}
	return lost, nil
}
