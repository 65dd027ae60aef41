package tsdb

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxRow is the longest line of an answer that is read; ours have a few hundred bytes.
const maxRow = 1 << 20

// row is one value of an answer. Value is valid until the next row.
type row struct {
	monitor, region, field string
	at                     int64 // microseconds since the Unix epoch
	value                  []byte
}

// query runs a query and calls each for every value, series by series and in order
// of time within one.
func (c *Client) query(ctx context.Context, q fluxQuery, each func(*row) error) error {
	text, err := q.build()
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	stop := q.to.UnixMicro()
	return c.flux(ctx, text, func(answer io.Reader) error {
		return readRows(answer, func(r *row) error {
			if r.at >= stop {
				return nil // InfluxDB 1.8 takes the end of a range as part of it
			}
			return each(r)
		})
	})
}

// flux asks in Flux and hands the answer over as annotated CSV. A bucket that does not
// exist yet has no answer.
func (c *Client) flux(ctx context.Context, text string, read func(answer io.Reader) error) error {
	u, err := url.JoinPath(c.cfg.URL, "api/v2/query")
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	if c.isV2() {
		u += "?org=" + url.QueryEscape(c.cfg.Org)
	}
	body, err := json.Marshal(map[string]any{
		"query": text, "type": "flux",
		"dialect": map[string]any{"annotations": []string{"datatype", "group", "default"}, "header": true},
	})
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/csv")
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
		if noBucket(message) {
			return nil // nobody has written anything yet
		}
		return fmt.Errorf("InfluxDB: query: status %d: %s", res.StatusCode, bytes.TrimSpace(message))
	}
	if err := read(res.Body); err != nil {
		return fmt.Errorf("InfluxDB: query: %w", err)
	}
	return nil
}

// noBucket knows what a server says of a bucket that does not exist.
func noBucket(message []byte) bool {
	for _, text := range []string{"no database", "database not found", "could not find bucket", "failed to find bucket"} {
		if bytes.Contains(message, []byte(text)) {
			return true
		}
	}
	return false
}

// columns are the places of what we read in the lines of one table.
type columns struct{ time, value, field, monitor, region, failure int }

// readRows reads annotated CSV (docs.influxdata.com, "Annotated CSV").
func readRows(r io.Reader, each func(*row) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var cols columns
	var cells [][]byte
	var out row
	header := true // the next line without an annotation names the columns
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			line, err = readLong(in, line)
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			header = true
		case line[0] == '#':
			header = true
		default:
			cells, err = split(cells[:0], line, err)
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if header {
				cols, header = findColumns(cells), false
				break
			}
			if bad := cols.fill(&out, cells); bad != nil {
				return bad
			}
			if bad := each(&out); bad != nil {
				return bad
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readLong goes on with a line that is longer than the buffer.
func readLong(in *bufio.Reader, start []byte) ([]byte, error) {
	line := bytes.Clone(start)
	for {
		more, err := in.ReadSlice('\n')
		line = append(line, more...)
		if len(line) > maxRow {
			return nil, fmt.Errorf("a line longer than %d bytes", maxRow)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// split cuts a line into cells. Nothing that we store needs quotes; error messages do.
func split(cells [][]byte, line []byte, err error) ([][]byte, error) {
	if bytes.IndexByte(line, '"') >= 0 {
		reader := csv.NewReader(bytes.NewReader(line))
		reader.LazyQuotes = true
		record, bad := reader.Read()
		if bad != nil {
			return nil, fmt.Errorf("line %.200q: %w", line, bad)
		}
		for _, cell := range record {
			cells = append(cells, []byte(cell))
		}
		return cells, err
	}
	for {
		i := bytes.IndexByte(line, ',')
		if i < 0 {
			return append(cells, line), err
		}
		cells = append(cells, line[:i])
		line = line[i+1:]
	}
}

func findColumns(names [][]byte) columns {
	find := func(name string) int {
		for i, n := range names {
			if string(n) == name {
				return i
			}
		}
		return -1
	}
	return columns{
		time: find("_time"), value: find("_value"), field: find("_field"),
		monitor: find("monitor_id"), region: find("region"), failure: find("error"),
	}
}

// fill reads a line. Names repeat from line to line, so that they are kept if they
// have not changed.
func (c columns) fill(out *row, cells [][]byte) error {
	if c.failure >= 0 && c.time < 0 { // the table in which errors come after status 200
		return fmt.Errorf("%s", clip(string(cell(cells, c.failure)), 512))
	}
	keep := func(old *string, i int) {
		if v := cell(cells, i); string(v) != *old {
			*old = string(v)
		}
	}
	keep(&out.monitor, c.monitor)
	keep(&out.region, c.region)
	keep(&out.field, c.field)
	out.value = cell(cells, c.value)
	var at time.Time
	if err := at.UnmarshalText(cell(cells, c.time)); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	out.at = at.UnixMicro()
	return nil
}

func cell(cells [][]byte, i int) []byte {
	if i < 0 || i >= len(cells) {
		return nil
	}
	return cells[i]
}
