package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// CleanTags returns tags as they are stored: in lower case, sorted, each once, and never
// nil, which the database would not take.
func CleanTags(tags []string) []string {
	out := make([]string, 0, len(tags))
	for _, tag := range tags {
		out = append(out, strings.ToLower(tag))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TagCount tells how many websites of a tenant have a tag.
type TagCount struct {
	Tag      string
	Websites int
	Statuses map[Status]int // how many of them are in each status
}

// Tags returns the tags of a tenant by name.
func (s *Store) Tags(ctx context.Context, org uptime.ID) ([]TagCount, error) {
	rows, err := s.db.Query(ctx, `-- name: ListTags :many
SELECT t.tag, `+statusRank+` AS rank, count(*) FROM website w`+statusOfAll+`
CROSS JOIN LATERAL unnest(w.tags) AS t (tag)
WHERE w.org_id = $1
GROUP BY 1, 2 ORDER BY t.tag COLLATE "C"`, org)
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	defer rows.Close()
	var out []TagCount
	for rows.Next() {
		var tag string
		var rank, n int
		if err := rows.Scan(&tag, &rank, &n); err != nil {
			return nil, fmt.Errorf("list tags: %w", err)
		}
		if len(out) == 0 || out[len(out)-1].Tag != tag {
			out = append(out, TagCount{Tag: tag, Statuses: map[Status]int{}})
		}
		last := &out[len(out)-1]
		last.Websites += n
		last.Statuses[statusRanks[rank]] += n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	return out, nil
}
