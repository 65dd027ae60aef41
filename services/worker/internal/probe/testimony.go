package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Testimony returns the evidence as JSON of at most so many bytes, with every text in it
// fit to be shown, whatever its kind did; nil if there is none. What does not fit is cut
// member by member, those first of which the beginning says the most.
func (f *Finding) Testimony(most int) []byte {
	if f.Evidence == nil {
		return nil
	}
	e := f.Evidence.presentable(f.Secrets)
	for _, cut := range append([]func(*Evidence){func(*Evidence) {}}, cuts...) {
		cut(&e)
		b, err := encode(&e)
		switch {
		case err != nil || string(b) == "{}":
			return nil
		case len(b) <= most:
			return b
		}
	}
	return nil
}

// CertificateEnds returns when the certificate that was shown ends, zero if none was.
func (e *Evidence) CertificateEnds() uptime.Instant {
	if e == nil || e.Certificate == nil {
		return 0
	}
	return ends(e.Certificate.NotAfter)
}

// RegistrationEnds returns when the domain's registration ends, zero if that is not known.
func (e *Evidence) RegistrationEnds() uptime.Instant {
	if e == nil || e.Registration == nil {
		return 0
	}
	return ends(e.Registration.Expires)
}

// ends returns an instant that is not taken for none, whatever a target says.
func ends(t time.Time) uptime.Instant {
	if t.IsZero() {
		return 0
	}
	return max(uptime.InstantOf(t), 1)
}

// encode writes evidence without escaping what only matters in HTML, which would make
// pages thrice as long.
func encode(e *Evidence) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// cuts are made one after the other until the rest fits.
var cuts = []func(*Evidence){
	func(e *Evidence) { e.Excerpt = clip(e.Excerpt, maxExcerpt/2) },
	func(e *Evidence) { e.Excerpt = clip(e.Excerpt, maxExcerpt/8) },
	func(e *Evidence) { e.Answers = first(e.Answers, 20) },
	func(e *Evidence) { e.trimCertificate(5) },
	func(e *Evidence) { e.Failures = e.Failures[:min(len(e.Failures), 8)] },
	func(e *Evidence) { e.Answers = first(e.Answers, 5) },
	func(e *Evidence) { e.Header = shortened(e.Header, 64) },
	func(e *Evidence) { e.trimCertificate(1) },
	func(e *Evidence) { e.Failures = e.Failures[:min(len(e.Failures), 2)] },
	func(e *Evidence) { e.Excerpt, e.Answers = "", nil },
	func(e *Evidence) { e.Header = nil },
	func(e *Evidence) { e.Failures = e.Failures[:min(len(e.Failures), 1)] },
	func(e *Evidence) { e.Certificate, e.Registration = nil, nil },
	func(e *Evidence) { e.Failures = nil },
}

// first keeps the first texts of a list and says how many there were besides.
func first(list []string, n int) []string {
	if len(list) <= n {
		return list
	}
	return append(slices.Clone(list[:n]), fmt.Sprintf("… %d more", len(list)-n))
}

// trimCertificate keeps a few names of a certificate and of those above it.
func (e *Evidence) trimCertificate(n int) {
	if e.Certificate != nil {
		e.Certificate.Names, e.Certificate.Chain = first(e.Certificate.Names, n), first(e.Certificate.Chain, n)
	}
}

func shortened(h http.Header, n int) http.Header {
	out := maps.Clone(h)
	for name, values := range out {
		out[name] = eachOf(values, func(s string) string { return clip(s, n) })
	}
	return out
}

// presentable returns a copy of which every text that a target had a say in is fit to
// be shown.
func (e *Evidence) presentable(secrets []string) Evidence {
	out := *e
	show := func(s string) string { return presentable(uncookied(s), secrets) }
	if e.Certificate != nil {
		c := *e.Certificate
		c.Subject, c.Issuer, c.Names, c.Chain = show(c.Subject), show(c.Issuer), eachOf(c.Names, show), eachOf(c.Chain, show)
		out.Certificate = &c
	}
	if e.Registration != nil {
		r := *e.Registration
		r.Registrar, r.Status = show(r.Registrar), eachOf(r.Status, show)
		out.Registration = &r
	}
	out.Failures = slices.Clone(e.Failures)
	for i := range out.Failures {
		f := &out.Failures[i]
		f.Expected, f.Actual = Excerpt([]byte(f.Expected), secrets), Excerpt([]byte(f.Actual), secrets)
	}
	out.Answers = eachOf(e.Answers, show)
	out.Header = maps.Clone(e.Header)
	for name, values := range out.Header {
		out.Header[name] = eachOf(values, show)
	}
	out.Excerpt = Excerpt([]byte(e.Excerpt), secrets)
	return out
}

// eachOf returns the list with each text changed.
func eachOf(list []string, change func(string) string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = change(s)
	}
	return out
}
