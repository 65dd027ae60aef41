package httpprobe

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

var (
	chunks = sync.Pool{New: func() any { return new([16 << 10]byte) }}
	gzips  = sync.Pool{New: func() any { return new(gzip.Reader) }}
)

// excerptBytes is how much of a body is kept for evidence, which shows half of it: what
// would be cut in two there is seen whole, so that secrets are found.
const excerptBytes = 4 << 10

// drain reads an answer to its end, decoding it if it is compressed, and stops with a
// failure at the first byte too many. It returns the first keep bytes, also on failure.
func drain(res *http.Response, keep int) ([]byte, error) {
	raw := &counter{r: res.Body}
	if !strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") || res.Request.Method == http.MethodHead {
		return read(raw, nil, keep)
	}
	z, _ := gzips.Get().(*gzip.Reader)
	defer gzips.Put(z)
	if err := z.Reset(raw); err != nil {
		if errors.Is(err, io.EOF) && raw.n == 0 {
			return nil, nil // no body at all
		}
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return read(z, raw, keep)
}

// read reads to the end; compressed, if there is one, counts what came over the wire.
func read(r io.Reader, compressed *counter, keep int) (kept []byte, err error) {
	chunk, _ := chunks.Get().(*[16 << 10]byte)
	defer chunks.Put(chunk)
	total := int64(0)
	for {
		n, err := r.Read(chunk[:])
		total += int64(n)
		if room := keep - len(kept); n > 0 && room > 0 {
			kept = append(kept, chunk[:min(n, room)]...)
		}
		if total > MaxBodyBytes {
			return kept, link.Failf(uptime.ReasonBodyTooLarge, "more than 1 MiB")
		}
		if compressed != nil && total > ratioFrom && total > MaxRatio*compressed.n {
			return kept, link.Failf(uptime.ReasonBodyTooLarge, "compressed more than %d to 1", MaxRatio)
		}
		if errors.Is(err, io.EOF) {
			return kept, nil
		}
		if err != nil {
			return kept, err
		}
	}
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// patience is how long the body of an answer that has failed already may take to show
// its beginning.
const patience = 500 * time.Millisecond

// testify adds to a failure what the answer was. cancel ends the request.
func (v *visit) testify(f *probe.Finding, cancel func()) {
	if f.Evidence == nil {
		f.Evidence = &probe.Evidence{}
	}
	if !v.drained {
		impatient := time.AfterFunc(patience, cancel)
		v.body = peek(v.res)
		impatient.Stop()
	}
	f.Evidence.Header = probe.Telling(v.res.Header, v.secrets)
	f.Evidence.Excerpt = probe.Excerpt(v.body, v.secrets)
}

// minCookie is the length from which the value of a cookie is worth hiding: what is
// shorter says "yes" or "en".
const minCookie = 6

// crumbs returns the values of all cookies of the visit, which a page may repeat.
func (v *visit) crumbs() []string {
	if v.cookie == "" && len(v.given) == 0 && len(v.res.Header["Set-Cookie"]) == 0 {
		return nil
	}
	sent, _ := http.ParseCookie(v.cookie) // what is no list of cookies is a secret as a whole
	out := []string{v.cookie}
	for _, c := range slices.Concat(v.given, v.res.Cookies(), sent) {
		out = append(out, c.Value)
		if plain, err := url.QueryUnescape(c.Value); err == nil && plain != c.Value {
			out = append(out, plain)
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return len(s) < minCookie })
}

// peek reads the beginning of a body as far as that comes.
func peek(res *http.Response) []byte {
	r := io.Reader(res.Body)
	if strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			return nil
		}
		r = z
	}
	b, _ := io.ReadAll(io.LimitReader(r, excerptBytes)) // what came before the error is worth showing
	return b
}
