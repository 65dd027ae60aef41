package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Precondition says whether an object may be changed or removed that has come to a
// version; its error is returned as it is, and then nothing is done.
type Precondition func(version string) error

type preconditionKey struct{}

// WithPrecondition holds changes and removals of a single object to a condition. The
// version is read under the lock under which the object is written, so nobody comes in
// between.
func WithPrecondition(ctx context.Context, p Precondition) context.Context {
	return context.WithValue(ctx, preconditionKey{}, p)
}

// met asks the context's precondition, if there is one.
func met(ctx context.Context, version string) error {
	if p, ok := ctx.Value(preconditionKey{}).(Precondition); ok {
		return p(version)
	}
	return nil
}

// versionAt is the version of what was last written at a time.
func versionAt(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 36) }

// versionOf is the version of what has no time of its last change: a digest.
func versionOf(parts ...any) string {
	text, _ := json.Marshal(parts) // of texts, numbers, times and ids
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Version changes whenever the website is written, or its first HTTP monitor, whose
// settings are changed through it.
func (w *Website) Version() string {
	for i := range w.Monitors {
		if w.Monitors[i].Kind == uptime.KindHTTP {
			return websiteVersion(w, &w.Monitors[i])
		}
	}
	return websiteVersion(w, nil)
}

func websiteVersion(w *Website, first *Monitor) string {
	version := versionAt(w.UpdatedAt)
	if first != nil {
		version += "-" + first.Version()
	}
	return version
}

// Version changes whenever the monitor is written; what is found out about it is no part of it.
func (m *Monitor) Version() string { return versionAt(m.UpdatedAt) }

// Version changes whenever the region's settings are written.
func (r *Region) Version() string { return versionAt(r.UpdatedAt) }

// Version changes whenever the channel's settings are written.
func (c *Channel) Version() string { return versionAt(c.UpdatedAt) }

// Version changes whenever the page is written.
func (p *StatusPage) Version() string { return versionAt(p.UpdatedAt) }

// Version changes with what the key may, and with its secret.
func (k *APIKey) Version() string {
	return versionOf(k.Name, k.Hash, k.Scopes, k.ExpiresAt.UnixMicro(), k.RevokedAt.UnixMicro(), k.WebsiteIDs, k.Tags)
}

// Version changes with the organisation's name and slug.
func (o *Org) Version() string { return versionOf(o.Name, o.Slug) }

// Version changes with the member's role.
func (m *Member) Version() string { return versionOf(m.Role) }

// Version changes with the note, the one part of an incident that people write over.
func (i *Incident) Version() string { return versionOf(i.Note) }
