package tsdb

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Levels returns all levels, from fine to coarse.
func Levels() []Level { return []Level{LevelRaw, Level5m, Level1h} }

// dumpWindows are stretches that are read by one query, short enough that a full one is
// answered within the timeout.
var dumpWindows = [levelCount]time.Duration{30 * time.Minute, 12 * time.Hour, 5 * 24 * time.Hour}

// A stretch of many windows is first asked whether it holds anything, and then divided:
// an empty year is soon passed over.
const dumpParts, dumpWidest = 8, 8 * 8 * 8

// dumpBatch is how many bytes of lines are handed over at once.
const dumpBatch = 1 << 20

// Dump calls each with everything that a level holds from one instant up to, but not
// with, another one, progress included, as lines for [Client.Load]. The lines are valid
// until each returns.
func (c *Client) Dump(ctx context.Context, l Level, from, to time.Time, each func(lines []byte) error) error {
	var lines []byte
	widest := dumpWidest * dumpWindows[l]
	for start := from; start.Before(to); start = start.Add(widest) {
		err := c.dumpStretch(ctx, l, start, earlier(start.Add(widest), to), widest, func(line []byte) error {
			lines = append(lines, line...)
			if len(lines) < dumpBatch {
				return nil
			}
			err := each(lines)
			lines = lines[:0]
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return each(lines)
}

// Load stores lines of [Client.Dump]; what is there already becomes as they have it.
func (c *Client) Load(ctx context.Context, l Level, lines []byte) error {
	return c.writeLines(ctx, l, lines)
}

// errSome ends a query that has found something.
var errSome = errors.New("there is something")

// dumpStretch dumps what is no wider than width.
func (c *Client) dumpStretch(ctx context.Context, l Level, from, to time.Time, width time.Duration, each func(line []byte) error) error {
	if width <= dumpWindows[l] {
		return c.dumpWindow(ctx, l, from, to, each)
	}
	err := c.dumpWindow(ctx, l, from, to, func([]byte) error { return errSome })
	if !errors.Is(err, errSome) {
		return err // nil: it is empty
	}
	part := width / dumpParts
	for start := from; start.Before(to); start = start.Add(part) {
		if err := c.dumpStretch(ctx, l, start, earlier(start.Add(part), to), part, each); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) dumpWindow(ctx context.Context, l Level, from, to time.Time, each func(line []byte) error) error {
	bucket, err := literal(c.bucket(l))
	if err != nil {
		return fmt.Errorf("InfluxDB: %w", err)
	}
	text := fmt.Sprintf("from(bucket: %s) |> range(start: %s, stop: %s)", bucket, instant(from), instant(to))
	return c.flux(ctx, text, func(answer io.Reader) error { return dumpRows(answer, to.UnixMicro(), each) })
}

// dumpRows turns annotated CSV into line protocol, a line for each field. InfluxDB joins
// those of one series and time.
func dumpRows(r io.Reader, stop int64, each func(line []byte) error) error {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	var names, types []string
	header := true
	var line []byte
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if strings.HasPrefix(row[0], "#") {
			if row[0] == "#datatype" {
				types = append(types[:0], row...)
			}
			header = true
			continue
		}
		if header {
			names, header = append(names[:0], row...), false
			continue
		}
		if len(row) != len(names) || len(types) != len(names) {
			return errors.New("a row has not the columns of its table")
		}
		var at int64
		if line, at, err = appendRow(line[:0], names, types, row); err != nil {
			return err
		}
		if at >= stop {
			continue // InfluxDB 1.8 takes the end of a range as part of it
		}
		if err := each(line); err != nil {
			return err
		}
	}
}

// appendRow writes one value in line protocol. Measurements, tags and fields are names
// that the fleet gives, which need no escaping.
func appendRow(line []byte, names, types, row []string) (out []byte, at int64, err error) {
	var measurement, field, value, kind, tags string
	for i, name := range names {
		cell := row[i]
		switch name {
		case "", "result", "table", "_start", "_stop":
		case "error":
			return nil, 0, errors.New(clip(cell, 1024))
		case "_measurement":
			measurement = cell
		case "_field":
			field = cell
		case "_value":
			value, kind = cell, types[i]
		case "_time":
			t, err := time.Parse(time.RFC3339Nano, cell)
			if err != nil {
				return nil, 0, err
			}
			at = t.UnixMicro()
		default:
			if err := errors.Join(validName(name), validName(cell)); err != nil {
				return nil, 0, err
			}
			tags += "," + name + "=" + cell
		}
	}
	if err := errors.Join(validName(measurement), validName(field)); err != nil {
		return nil, 0, err
	}
	line = append(line, measurement+tags+" "+field+"="...)
	switch kind {
	case "double", "boolean":
		line = append(line, value...)
	case "long":
		line = append(line, value+"i"...)
	case "string":
		line = append(line, '"')
		line = append(line, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)...)
		line = append(line, '"')
	default:
		return nil, 0, fmt.Errorf("field %s: %q is no type that is known", field, kind)
	}
	line = append(line, ' ')
	line = strconv.AppendInt(line, at, 10)
	return append(line, '\n'), at, nil
}
