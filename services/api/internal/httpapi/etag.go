package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/probefleet/probefleet/pkg/postgres"
)

// An ETag here has two parts, as in "m1x2y3.0f1e2d": the version of what people have set,
// up to the dot, and a digest of the whole answer, in which there is also what the fleet
// has found out. If-None-Match looks at both, If-Match at the version only: a verdict that
// changes between reading and writing is no conflict.

// maxTags bounds how many tags of one header are looked at.
const maxTags = 100

// versioned says which version of an object the answer shows.
func versioned(ctx context.Context, version string) { visitOf(ctx).version = version }

// tag gives answers that show one object an ETag, and holds changes to If-Match.
func (s *Server) tag(c *gin.Context) {
	op := s.ops[c.Request.Method+" "+c.FullPath()]
	if op == nil {
		return
	}
	if op.guarded {
		if err := guard(c); err != nil {
			s.fail(c, err)
			return
		}
	}
	if !op.tagged && (!op.guarded || c.Request.Method != http.MethodPatch) {
		return
	}
	answer := held(c)
	if v := visitOf(c.Request.Context()); answer.Status() == http.StatusOK && v.version != "" {
		answer.tag(v.version, op.tagged, c.Request.Header.Values("If-None-Match"))
	}
	answer.release()
}

// tag gives an answer its ETag. One that the client may keep is not sent if it has it.
func (w *heldWriter) tag(version string, keep bool, known []string) {
	etag := entityTag(version, w.body.Bytes())
	h := w.Header()
	h.Set("ETag", etag)
	if !keep {
		return
	}
	h.Set("Cache-Control", "private, no-cache") // keep it, but ask each time
	h.Add("Vary", "Authorization, Cookie")
	if tags, err := parseTags(known); err == nil && tags.has(etag, true) {
		w.body.Reset()
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
	}
}

// entityTag is the ETag of an answer.
func entityTag(version string, body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + version + "." + hex.EncodeToString(sum[:8]) + `"`
}

// guard makes what the request does depend on its If-Match.
func guard(c *gin.Context) error {
	sent := c.Request.Header.Values("If-Match")
	if len(sent) == 0 {
		return nil
	}
	tags, err := parseTags(sent)
	if err != nil {
		return err
	}
	header := c.Writer.Header()
	c.Request = c.Request.WithContext(postgres.WithPrecondition(c.Request.Context(), func(version string) error {
		if tags.has(`"`+version+`"`, false) {
			return nil
		}
		header.Set("ETag", `"`+version+`"`)
		return &problem{
			status: http.StatusPreconditionFailed, kind: "precondition-failed", title: "Changed meanwhile",
			detail: "It has been changed since the version that If-Match names; the header ETag has the present one.",
		}
	}))
	return nil
}

// entityTags are those of a header.
type entityTags struct {
	any  bool // *
	tags []string
}

// parseTags reads If-Match and If-None-Match, as RFC 9110, section 13.1, has them.
func parseTags(headers []string) (entityTags, error) {
	wrong := malformed(`If-Match and If-None-Match take * or a list of tags in quotes, as in "m1x2y3.0f1e2d".`)
	rest := strings.TrimSpace(strings.Join(headers, ","))
	if rest == "*" {
		return entityTags{any: true}, nil
	}
	var out entityTags
	for rest != "" {
		rest = strings.TrimPrefix(rest, "W/")
		if !strings.HasPrefix(rest, `"`) || len(out.tags) == maxTags {
			return entityTags{}, wrong
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return entityTags{}, wrong
		}
		out.tags = append(out.tags, rest[:end+2])
		rest = strings.TrimLeft(rest[end+2:], " \t")
		if rest == "" {
			break
		}
		if rest[0] != ',' {
			return entityTags{}, wrong
		}
		rest = strings.TrimLeft(rest, ", \t")
	}
	if out.tags == nil {
		return out, wrong
	}
	return out, nil
}

// has tells whether a tag is among them, as a whole or by its version.
func (t entityTags) has(tag string, whole bool) bool {
	if t.any {
		return true
	}
	return slices.ContainsFunc(t.tags, func(one string) bool {
		return one == tag || !whole && versionIn(one) == versionIn(tag)
	})
}

func versionIn(tag string) string {
	version, _, _ := strings.Cut(strings.Trim(tag, `"`), ".")
	return version
}
