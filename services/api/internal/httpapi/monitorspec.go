package httpapi

import (
	"bytes"
	"errors"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

// lookAnew returns what a monitor checks after a change.
func lookAnew(looks *monitorspec.Spec, body *api.MonitorUpdate) (*monitorspec.Spec, []shape.Error) {
	switch {
	case body.Settings.IsNull():
		return parseSpec(looks.Kind, valueOr(body.Target, looks.Target), nil)
	case body.Settings.IsSpecified() || body.Target != nil:
		patch := orElse(body.Settings, nil)
		return merged(looks, body.Target, patch)
	}
	return looks, nil
}

func parseSpec(kind uptime.Kind, target string, settings []byte) (*monitorspec.Spec, []shape.Error) {
	looks, err := monitorspec.Parse(kind, spec.ASCII(kind, target), settings)
	return looks, problemsOf(err)
}

func merged(looks *monitorspec.Spec, target *string, patch []byte) (*monitorspec.Spec, []shape.Error) {
	to := spec.ASCII(looks.Kind, valueOr(target, looks.Target))
	out, err := looks.Merge(&to, patch)
	return out, problemsOf(err)
}

func valueOr[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}

// problemsOf writes the mistakes of a monitor as the API does.
func problemsOf(err error) []shape.Error {
	if err == nil {
		return nil
	}
	var errs monitorspec.Errors
	if !errors.As(err, &errs) {
		return []shape.Error{{Pointer: "#/settings", Detail: "cannot be read"}}
	}
	out := make([]shape.Error, len(errs))
	for i, e := range errs {
		out[i] = shape.Error{Pointer: pointerOf(e.Field), Detail: e.Message}
		if e.Offset != monitorspec.NoOffset {
			offset := e.Offset
			out[i].Offset = &offset
		}
	}
	return out
}

// pointerOf writes a path as a JSON pointer: settings.headers[0].name becomes
// #/settings/headers/0/name.
func pointerOf(path string) string {
	var b bytes.Buffer
	b.WriteString("#/")
	for _, c := range path {
		switch c {
		case '.', '[':
			b.WriteByte('/')
		case ']':
		case '~':
			b.WriteString("~0")
		case '/':
			b.WriteString("~1")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// timing says what is wrong with interval and timeout for a kind, unless that was said
// already; looks is nil if it could not be read.
func timing(looks *monitorspec.Spec, kind uptime.Kind, settings spec.Settings, said []spec.FieldError) []spec.FieldError {
	err := monitorspec.CheckTiming(kind, settings.Interval, settings.Timeout)
	if err == nil && looks != nil {
		err = looks.CheckRun(settings.Timeout)
	}
	var errs monitorspec.Errors
	if !errors.As(err, &errs) {
		return nil
	}
	known := map[string]bool{}
	for _, e := range said {
		known[e.Path[0]] = true
	}
	var out []spec.FieldError
	for _, e := range errs {
		if !known[e.Field] {
			out = append(out, spec.FieldError{Path: []string{e.Field}, Detail: e.Message})
		}
	}
	return out
}
