package tsdb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// read reads what a query finds into a grid. InfluxDB 1.8 is asked in InfluxQL, which
// answers with a line for each point: 30 days of hours in a fifth of the time that Flux
// takes for a line for each value. A 2.x has InfluxQL only for buckets that were mapped
// to databases.
func (c *Client) read(ctx context.Context, q fluxQuery, g *grid) error {
	if c.isV2() {
		return c.query(ctx, q, g.add)
	}
	return c.selectInto(ctx, q, g)
}

// selectInto reads what a query finds by InfluxQL.
func (c *Client) selectInto(ctx context.Context, q fluxQuery, g *grid) error {
	if len(q.fields) == 0 {
		q.fields = g.fields
		if g.text != "" {
			q.fields = append(slices.Clone(g.fields), g.text)
		}
	}
	text, err := q.influxQL()
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	u, err := url.JoinPath(c.cfg.URL, "query")
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	form := url.Values{"db": {q.bucket}, "epoch": {"u"}, "q": {text}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/csv")
	req.Header.Set("Accept-Encoding", "identity") // packing takes longer than the way
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Token "+c.cfg.Token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("InfluxDB: query: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		message, _ := io.ReadAll(io.LimitReader(res.Body, 512))
		return fmt.Errorf("InfluxDB: query: status %d: %s", res.StatusCode, bytes.TrimSpace(message))
	}
	if err := readPoints(res.Body, g); err != nil && !noBucket([]byte(err.Error())) {
		return fmt.Errorf("InfluxDB: query: %w", err)
	}
	return nil
}

// influxQL returns the query as InfluxQL.
func (q fluxQuery) influxQL() (string, error) {
	var errs []error
	name := func(s, quote string) string {
		errs = append(errs, validName(s))
		return quote + s + quote // without a character that would need a backslash
	}
	fields := make([]string, len(q.fields))
	for i, f := range q.fields {
		fields[i] = name(f, `"`)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s FROM %s WHERE time >= '%s' AND time < '%s'",
		strings.Join(fields, ", "), name(q.measurement, `"`), instant(q.from), instant(q.to))
	if q.monitor != "" {
		fmt.Fprintf(&b, " AND monitor_id = %s", name(q.monitor, "'"))
	}
	if len(q.monitors) > 0 {
		ids := make([]string, len(q.monitors))
		for i, id := range q.monitors {
			ids[i] = id.String() // hexadecimal digits and hyphens, which mean themselves
		}
		fmt.Fprintf(&b, " AND monitor_id =~ /^(%s)$/", strings.Join(ids, "|"))
	}
	if q.region != "" {
		fmt.Fprintf(&b, " AND region = %s", name(q.region, "'"))
	}
	if q.suffix != "" || q.okValue != nil {
		errs = append(errs, errors.New("a query that only Flux is asked"))
	}
	b.WriteString(" GROUP BY monitor_id, region")
	if err := errors.Join(errs...); err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	return b.String(), nil
}

// readPoints reads the CSV that InfluxDB 1.8 answers with: name, tags and time of a
// point before its fields. A line without anything goes before other columns.
func readPoints(r io.Reader, g *grid) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var cells [][]byte
	var into []int // which cell of the grid a column is; -1: the text, -2: none
	var tags []byte
	var id seriesKey
	for header := true; ; {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			line, err = readLong(in, line)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			header = true
		case header:
			if string(line) == "error" {
				message, _ := io.ReadAll(io.LimitReader(in, 512))
				return errors.New(strings.Trim(string(message), "\"\n"))
			}
			into, header = g.columns(bytes.Split(line, []byte(","))), false
		default:
			var of []byte
			if of, cells = splitPoint(cells[:0], line); len(cells) != len(into) {
				return fmt.Errorf("line %.200q: %d values for %d columns", line, len(cells), len(into))
			}
			if !bytes.Equal(of, tags) {
				tags, id = bytes.Clone(of), seriesOfTags(string(of))
			}
			if err := g.put(id, cells, into); err != nil {
				return fmt.Errorf("line %.200q: %w", line, err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// splitPoint cuts a line into its tags, and the time and values behind them. Tags stand
// in quotes where there are several; nothing else that is stored needs any.
func splitPoint(cells [][]byte, line []byte) (tags []byte, rest [][]byte) {
	_, line, _ = bytes.Cut(line, []byte(","))
	if quoted, ok := bytes.CutPrefix(line, []byte(`"`)); ok {
		tags, line, _ = bytes.Cut(quoted, []byte(`",`))
	} else {
		tags, line, _ = bytes.Cut(line, []byte(","))
	}
	for {
		i := bytes.IndexByte(line, ',')
		if i < 0 {
			return tags, append(cells, line)
		}
		cells = append(cells, line[:i])
		line = line[i+1:]
	}
}

// seriesOfTags reads tags as in monitor_id=a,region=b.
func seriesOfTags(text string) seriesKey {
	var out seriesKey
	for tag := range strings.SplitSeq(text, ",") {
		switch name, value, _ := strings.Cut(tag, "="); name {
		case "monitor_id":
			out.monitor = value
		case "region":
			out.region = value
		}
	}
	return out
}

// columns finds the place in the grid of each column behind name and tags.
func (g *grid) columns(names [][]byte) []int {
	out := make([]int, 0, len(names))
	for _, name := range names[min(2, len(names)):] {
		place := slices.Index(g.fields, string(name))
		if place < 0 {
			place = -2
		}
		if g.text != "" && string(name) == g.text {
			place = -1
		}
		out = append(out, place)
	}
	return out
}

// put takes a whole point: its time and its values.
func (g *grid) put(id seriesKey, values [][]byte, into []int) error {
	at, err := strconv.ParseInt(string(values[0]), 10, 64)
	if err != nil {
		return fmt.Errorf("time: %w", err)
	}
	p := g.seriesOf(id).place(at, len(g.fields))
	for i, v := range values {
		switch {
		case i == 0 || len(v) == 0: // the time; nothing is there
		case into[i] >= 0:
			p.cells[into[i]] = g.parse(into[i], v)
		case into[i] == -1:
			p.text = string(v)
		}
	}
	return nil
}
