package tsdb

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Answers returns what a level holds of monitors, by series and in order of time, once
// asked in Flux and once in InfluxQL.
func (c *Client) Answers(ctx context.Context, l Level, monitors []uptime.ID, from, to time.Time) (answers [2]map[string][]string, err error) {
	q := levelQuery(c.bucket(l), l, from, to)
	q.monitors = monitors
	for i, ask := range []func(context.Context, fluxQuery, *grid) error{
		func(ctx context.Context, q fluxQuery, g *grid) error { return c.query(ctx, q, g.add) }, c.selectInto,
	} {
		g := gridOf(l)
		if err := ask(ctx, q, g); err != nil {
			return answers, err
		}
		answers[i] = map[string][]string{}
		g.each(func(id seriesKey, p *point) {
			key := id.monitor + " " + id.region
			answers[i][key] = append(answers[i][key], fmt.Sprint(*p))
		})
	}
	return answers, nil
}
