package smtpprobe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// Bounds of what a server may say. RFC 5321 (section 4.5.3.1.5) gives a line of a reply
// 512 bytes.
const (
	maxLine  = 2 << 10
	maxLines = 200
)

// conn speaks the lines of SMTP.
type conn struct {
	*bufio.Reader
	w     net.Conn
	total int // bytes heard
}

func newConn(c net.Conn) *conn { return &conn{Reader: bufio.NewReaderSize(c, maxLine), w: c} }

func (c *conn) write(line string) error {
	_, err := io.WriteString(c.w, line+"\r\n")
	return err
}

// reply is what a server answers: a code and lines.
type reply struct {
	code  int
	lines []string
}

// String shows a reply for people.
func (r reply) String() string {
	if len(r.lines) == 0 {
		return strconv.Itoa(r.code)
	}
	return fmt.Sprintf("%d %s", r.code, r.lines[0])
}

// read reads a reply of one line or several; first is called at its first byte. What was
// read before an error is returned with it.
func (c *conn) read(first func()) (reply, error) {
	var r reply
	if _, err := c.Peek(1); err != nil {
		return r, err
	}
	first()
	for len(r.lines) < maxLines {
		line, err := c.ReadSlice('\n')
		c.total += len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return r, link.Failf(uptime.ReasonProtocol, "a line of more than %d KiB", maxLine>>10)
		case err != nil:
			return r, err
		case c.total > link.MaxPayload:
			return r, link.Failf(uptime.ReasonBodyTooLarge, "more than %d KiB", link.MaxPayload>>10)
		}
		text := strings.TrimRight(string(line), "\r\n")
		code, ok := codeOf(text)
		if !ok || len(r.lines) > 0 && code != r.code {
			return r, link.Failf(uptime.ReasonProtocol, "not a reply of SMTP: %s", link.Quote([]byte(text), nil))
		}
		r.code = code
		r.lines = append(r.lines, text[min(len(text), 4):])
		if len(text) == 3 || text[3] == ' ' {
			return r, nil
		}
	}
	return r, link.Failf(uptime.ReasonBodyTooLarge, "a reply of more than %d lines", maxLines)
}

// codeOf reads the code before a space, a hyphen or the end of the line.
func codeOf(line string) (int, bool) {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false
	}
	code, err := strconv.Atoi(line[:3])
	return code, err == nil && code >= 200 && code <= 599
}
