package sources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// member returns the value of the first name that an object has, in whatever case and
// with or without underscores, and takes it out.
func member(object map[string]any, names ...string) any {
	plain := strings.NewReplacer("_", "", "-", "")
	for _, name := range names {
		for key, v := range object {
			if strings.EqualFold(plain.Replace(key), name) {
				delete(object, key)
				return v
			}
		}
	}
	return nil
}

// seconds reads a number of seconds, or a duration like 30s.
func seconds(v any) (time.Duration, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case json.Number:
		f, err := v.Float64()
		return time.Duration(f * float64(time.Second)), err
	case string:
		return time.ParseDuration(v)
	}
	return 0, fmt.Errorf("%v is no duration", v)
}

func decodeJSON(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return dec.Decode(into)
}

// StatusD reads a manifest, a list of assets or an object with one, and the notifiers
// beside it, if any.
func StatusD(manifest, notifiers []byte) (Result, error) {
	var top any
	if err := decodeJSON(manifest, &top); err != nil {
		return Result{}, fmt.Errorf("manifest: %w", err)
	}
	b := newBuilder()
	assets, isList := top.([]any)
	if object, ok := top.(map[string]any); ok {
		assets, isList = member(object, "assets", "services", "targets").([]any)
		for _, key := range slices.Sorted(maps.Keys(object)) {
			b.note("", "manifest: %s has no counterpart", key)
		}
	}
	if !isList {
		return Result{}, fmt.Errorf("manifest: there is no list of assets")
	}
	for i, one := range assets {
		asset, ok := one.(map[string]any)
		if !ok {
			return Result{}, fmt.Errorf("manifest: asset %d is not an object", i+1)
		}
		if err := b.asset(i, asset); err != nil {
			return Result{}, fmt.Errorf("manifest: asset %d: %w", i+1, err)
		}
	}
	if len(notifiers) > 0 {
		if err := b.notifiers(notifiers); err != nil {
			return Result{}, err
		}
	}
	return b.result(), nil
}

func (b *builder) asset(i int, asset map[string]any) error {
	text := func(names ...string) string {
		if v := member(asset, names...); v != nil {
			return fmt.Sprint(v)
		}
		return ""
	}
	id, name := text("id"), text("name", "title")
	address := text("url", "address", "target", "endpoint", "host")
	kind := strings.ToLower(text("assettype", "probetype", "type", "kind", "protocol"))
	f := found{name: name, settings: map[string]any{}}
	if f.name == "" {
		f.name = address
	}
	if f.name == "" {
		f.name = fmt.Sprintf("asset %d", i+1)
	}
	if f.external = "statusd:" + id; id == "" {
		f.external = "statusd:" + f.name
	}
	var err error
	if f.interval, err = seconds(member(asset, "intervalseconds", "interval", "checkinterval")); err != nil {
		return fmt.Errorf("interval: %w", err)
	}
	if f.timeout, err = seconds(member(asset, "timeoutseconds", "timeout")); err != nil {
		return fmt.Errorf("timeout: %w", err)
	}
	expected := member(asset, "expectedstatuscodes", "expectedstatuses", "expectedstatus", "expectedcodes", "statuscodes")
	method := text("method")
	for _, t := range listOf(member(asset, "tags", "labels")) {
		f.tags = append(f.tags, fmt.Sprint(t))
	}
	port := text("port")
	if paused, ok := member(asset, "enabled").(bool); ok && !paused {
		f.paused = true
	}
	for _, key := range slices.Sorted(maps.Keys(asset)) {
		b.note(f.name, "%s has no counterpart", key)
	}
	if b.statusdKind(&f, kind, address, port) {
		if f.monitor.Kind == "http" {
			f.settings["expected_status"] = []any{"100-399"} // as StatusD has it without a list
			if codes := listOf(expected); len(codes) > 0 {
				f.settings["expected_status"] = texts(codes)
			}
			if method != "" && method != http.MethodGet {
				f.settings["method"] = method
			}
		}
		b.add(f)
	}
	return nil
}

// statusdKind finds the kind, by the URL's scheme if the asset does not say; false: there
// is none.
func (b *builder) statusdKind(f *found, kind, address, port string) bool {
	host := hostOf(address)
	if host == "" {
		b.note(f.name, "is left out: %q is no address", address)
		return false
	}
	if kind == "" {
		kind = "http"
		if scheme, _, found := strings.Cut(address, "://"); found {
			kind = strings.ToLower(scheme)
		}
	}
	switch kind {
	case "http", "https", "website", "url", "api":
		f.monitor.Kind, f.site = "http", address
		if !strings.Contains(address, "://") {
			f.site = "https://" + address
		}
	case "tcp", "port":
		f.monitor.Kind, f.monitor.Target, f.site = "tcp", host+":"+portOr(hostPort(address), port), siteOf(host)
	case "dns":
		f.monitor.Kind, f.monitor.Target, f.site = "dns", host, siteOf(host)
	case "icmp", "ping":
		f.monitor.Kind, f.monitor.Target, f.site = "icmp", host, siteOf(host)
	case "tls", "ssl":
		f.monitor.Kind, f.monitor.Target, f.site = "tls", hostPort(address), siteOf(host)
	default:
		b.note(f.name, "is left out: there is no kind %q here", kind)
		return false
	}
	return true
}

// hostPort returns what stands between the scheme and the path.
func hostPort(address string) string {
	if _, rest, found := strings.Cut(address, "://"); found {
		address = rest
	}
	address, _, _ = strings.Cut(address, "/")
	return address
}

func hostOf(address string) string {
	u, err := url.Parse("//" + hostPort(address))
	if err != nil {
		return hostPort(address)
	}
	return u.Hostname()
}

func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func texts(in []any) []any {
	out := make([]any, len(in))
	for i := range in {
		out[i] = fmt.Sprint(in[i])
	}
	return out
}

// notifiers lists those of StatusD: channels are not part of an estate, and their
// secrets should not end up in a file.
func (b *builder) notifiers(text []byte) error {
	var top any
	if err := decodeJSON(text, &top); err != nil {
		return fmt.Errorf("notifiers: %w", err)
	}
	object, _ := top.(map[string]any)
	if inner := member(object, "notifiers", "channels"); inner != nil {
		for _, key := range slices.Sorted(maps.Keys(object)) {
			b.note("notifiers", "%s is set with each channel here", key)
		}
		top = inner
	}
	switch v := top.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			kind := name
			if one, ok := v[name].(map[string]any); ok {
				if t := member(one, "type", "kind"); t != nil {
					kind = fmt.Sprint(t)
				}
			}
			b.note("notifier "+name, "%s", channelHint(kind))
		}
	case []any:
		for i, one := range v {
			name, kind := fmt.Sprint(i+1), ""
			if one, ok := one.(map[string]any); ok {
				if t := member(one, "type", "kind"); t != nil {
					kind = fmt.Sprint(t)
				}
				if n := member(one, "name", "id"); n != nil {
					name = fmt.Sprint(n)
				}
			}
			b.note("notifier "+name, "%s", channelHint(kind))
		}
	default:
		return fmt.Errorf("notifiers: there is no list of notifiers")
	}
	return nil
}

// channelHint says what to do about a way of notifying.
func channelHint(kind string) string {
	switch strings.ToLower(kind) {
	case "email", "smtp", "mail":
		return "is not taken over: make a channel of kind email"
	case "slack", "mattermost", "rocket.chat", "rocketchat":
		return "is not taken over: make a channel of kind slack"
	case "webhook", "custom", "http":
		return "is not taken over: make a channel of kind webhook"
	case "":
		return "is not taken over: make a channel by hand"
	}
	return fmt.Sprintf("is not taken over: there are no channels of %s; a webhook with a template may do", kind)
}
