// Package sources reads what other monitors are configured by (StatusD's manifest, a
// Gatus file, an Uptime Kuma database) and turns it into an estate. Nothing is lost in
// silence: what has no counterpart is listed in words.
package sources

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/services/cli/internal/fleetfile"
)

// Note says what was not taken over as it was, and of what.
type Note struct {
	Where, What string
}

// String returns the note in a line.
func (n Note) String() string {
	if n.Where == "" {
		return n.What
	}
	return n.Where + ": " + n.What
}

// Result is what a source comes to.
type Result struct {
	Estate fleetfile.Estate
	Notes  []Note
	// References: ${NAME} in a text is a variable, as the source had it, not two characters.
	References bool
	// Secrets: the estate holds some as they are.
	Secrets bool
}

// The bounds of the API.
const (
	minInterval, maxInterval = 5 * time.Second, 24 * time.Hour
	minTimeout, maxTimeout   = 100 * time.Millisecond, time.Minute
	maxName                  = 200
)

// builder gathers monitors into websites: those of one URL, or of one host if they
// have no URL, belong together.
type builder struct {
	Result
	at map[string]int // by URL in one form
}

func newBuilder() *builder { return &builder{at: map[string]int{}} }

func (b *builder) note(where, format string, args ...any) {
	n := Note{where, fmt.Sprintf(format, args...)}
	if !slices.Contains(b.Notes, n) {
		b.Notes = append(b.Notes, n)
	}
}

// found is one monitor of a source.
type found struct {
	external string // of its website, if it is the first there
	name     string
	site     string // URL of its website
	tags     []string
	monitor  fleetfile.Monitor
	settings map[string]any
	interval time.Duration
	timeout  time.Duration
	paused   bool
}

// add puts a monitor into its website.
func (b *builder) add(f found) {
	f.name = clip(f.name)
	if len(f.settings) > 0 {
		f.monitor.Settings, _ = json.Marshal(f.settings) // of texts, numbers and lists
	}
	if f.interval > 0 {
		kept := min(max(f.interval, minInterval), maxInterval)
		if kept != f.interval {
			b.note(f.name, "is checked every %s instead of %s", kept, f.interval)
		}
		f.monitor.IntervalSeconds = int(kept / time.Second)
	}
	if f.timeout > 0 && f.monitor.Kind != "heartbeat" {
		kept := min(max(f.timeout, minTimeout), maxTimeout)
		if f.interval > 0 {
			kept = min(kept, time.Duration(f.monitor.IntervalSeconds)*time.Second)
		}
		if kept != f.timeout {
			b.note(f.name, "may take %s instead of %s", kept, f.timeout)
		}
		f.monitor.TimeoutMS = int(kept / time.Millisecond)
	}
	if f.paused {
		f.monitor.Paused = new(true)
	}
	key := oneForm(f.site)
	i, there := b.at[key]
	if !there {
		b.at[key] = len(b.Estate.Websites)
		b.Estate.Websites = append(b.Estate.Websites, fleetfile.Website{
			ExternalID: clip(f.external), Name: f.name, URL: f.site, Tags: tags(f.tags), Monitors: []fleetfile.Monitor{f.monitor},
		})
		return
	}
	w := &b.Estate.Websites[i]
	if len(w.Monitors) == 1 && w.Monitors[0].Name == "" {
		w.Monitors[0].Name = w.Name
	}
	f.monitor.Name = f.name
	for n := 2; slices.ContainsFunc(w.Monitors, func(m fleetfile.Monitor) bool { return m.Name == f.monitor.Name }); n++ {
		f.monitor.Name = fmt.Sprintf("%s %d", f.name, n)
	}
	w.Monitors = append(w.Monitors, f.monitor)
	w.Tags = tags(append(w.Tags, f.tags...))
	b.note(f.name, "becomes a monitor of the website %s, which has the same address", w.Name)
}

// result returns what was gathered. An estate without websites is an empty list.
func (b *builder) result() Result {
	if b.Estate.Websites == nil {
		b.Estate.Websites = []fleetfile.Website{}
	}
	return b.Result
}

// oneForm returns a URL in a form by which equal ones are known.
func oneForm(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	u.Host, u.Scheme, u.Fragment = strings.ToLower(u.Host), strings.ToLower(u.Scheme), ""
	if u.Path == "/" {
		u.Path = ""
	}
	return u.String()
}

// siteOf returns the URL of the website that a host belongs to.
func siteOf(host string) string {
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	return "https://" + host
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// nowhere returns the URL of a website for what has no address, such as a job: a name
// that RFC 2606 keeps from ever being one.
func nowhere(name string) string {
	label := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if label == "" {
		label = "job"
	}
	return "https://" + strings.Trim(label[:min(len(label), 50)], "-") + ".invalid"
}

func clip(s string) string {
	if r := []rune(s); len(r) > maxName {
		return string(r[:maxName])
	}
	return s
}

// tags returns tags once each, in the form that the API keeps.
func tags(in []string) []string {
	var out []string
	for _, t := range in {
		t = strings.ToLower(strings.Join(strings.Fields(strings.NewReplacer(",", " ", ";", " ").Replace(t)), "-"))
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// assertion is one thing that must hold.
func assertion(source, property, comparison string, target any) map[string]any {
	a := map[string]any{"source": source, "comparison": comparison}
	if property != "" {
		a["property"] = property
	}
	if target != nil {
		a["target"] = target
	}
	return a
}
