package smtpprobe

import (
	"bufio"
	"bytes"
	"testing"
)

// Whatever a server says, reading it ends, without a panic and within its bounds.
func FuzzRead(f *testing.F) {
	f.Add([]byte("220 hi\r\n"))
	f.Add([]byte("250-a\r\n250 b\r\n"))
	f.Add([]byte("250\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &conn{Reader: bufio.NewReaderSize(bytes.NewReader(b), maxLine)}
		for {
			r, err := c.read(func() {})
			if err != nil {
				return
			}
			if r.code < 200 || r.code > 599 || len(r.lines) == 0 || len(r.lines) > maxLines {
				t.Fatalf("%q is %+v", b, r)
			}
		}
	})
}
