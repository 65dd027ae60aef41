package sources

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver, without C
)

// kumaRow is a row of any version of Uptime Kuma: columns by name.
type kumaRow map[string]any

func (r kumaRow) text(name string) string {
	switch v := r[name].(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func (r kumaRow) number(name string) float64 {
	f, err := strconv.ParseFloat(r.text(name), 64)
	if err != nil {
		return 0
	}
	return f
}

func (r kumaRow) is(name string) bool { return r.number(name) != 0 || r.text(name) == "true" }

func (r kumaRow) seconds(name string) time.Duration {
	return time.Duration(r.number(name) * float64(time.Second))
}

// Kuma reads the SQLite database of an Uptime Kuma, 1.x or 2.x, and changes nothing.
func Kuma(ctx context.Context, path string) (Result, error) {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "mode=ro"}).String())
	if err != nil {
		return Result{}, fmt.Errorf("open %s: %w", path, err)
	}
	defer db.Close()
	rows, err := kumaRows(ctx, db, "SELECT * FROM monitor ORDER BY id")
	if err != nil {
		return Result{}, fmt.Errorf("%s is no database of Uptime Kuma: %w", path, err)
	}
	b := newBuilder()
	groups, tagged := map[string]string{}, b.kumaTags(ctx, db)
	for _, r := range rows {
		if r.text("type") == "group" {
			groups[r.text("id")] = r.text("name")
		}
	}
	for _, r := range rows {
		if r.text("type") == "group" {
			continue
		}
		f := found{
			external: "kuma:" + r.text("id"), name: r.text("name"), interval: r.seconds("interval"), timeout: r.seconds("timeout"),
			paused: r.text("active") != "" && !r.is("active"), settings: map[string]any{}, tags: tagged[r.text("id")],
		}
		if group := groups[r.text("parent")]; group != "" {
			f.tags = append(f.tags, group)
		}
		if f.name == "" {
			f.name = "monitor " + r.text("id")
		}
		if b.kumaKind(r, &f) {
			if r.is("upside_down") && f.monitor.Kind != "heartbeat" {
				f.settings["upside_down"] = true
			}
			b.kumaRest(r, &f)
			b.add(f)
		}
	}
	b.kumaTables(ctx, db)
	return b.result(), nil
}

func kumaRows(ctx context.Context, db *sql.DB, query string) ([]kumaRow, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // of what was only read
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []kumaRow
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		r := kumaRow{}
		for i, name := range columns {
			r[name] = *values[i].(*any)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// kumaTags returns the tags of each monitor; a database without any has no tables of them.
func (b *builder) kumaTags(ctx context.Context, db *sql.DB) map[string][]string {
	out := map[string][]string{}
	rows, err := kumaRows(ctx, db, "SELECT mt.monitor_id AS id, t.name AS name, mt.value AS value FROM monitor_tag mt JOIN tag t ON t.id = mt.tag_id ORDER BY mt.id")
	if err != nil {
		b.note("", "tags cannot be read: %v", err)
	}
	for _, r := range rows {
		name := r.text("name")
		if v := r.text("value"); v != "" {
			name += ":" + v
		}
		out[r.text("id")] = append(out[r.text("id")], name)
	}
	return out
}

// kumaTables lists what is not part of an estate.
func (b *builder) kumaTables(ctx context.Context, db *sql.DB) {
	rows, err := kumaRows(ctx, db, "SELECT * FROM notification ORDER BY id")
	if err == nil {
		for _, r := range rows {
			var config struct{ Type string }
			_ = json.Unmarshal([]byte(r.text("config")), &config) // the name alone will do
			b.note("notification "+r.text("name"), "%s", channelHint(config.Type))
		}
	}
	for _, t := range []struct{ table, what string }{
		{"status_page", "status pages are made here with /v1/status-pages"},
		{"maintenance", "there are no maintenance windows here: websites can be paused or muted until a time"},
		{"proxy", "checks go through no proxies here"},
		{"docker_host", "there are no checks of containers here"},
	} {
		rows, err := kumaRows(ctx, db, "SELECT count(*) AS n FROM "+t.table)
		if err == nil && len(rows) == 1 && rows[0].number("n") > 0 { // an older one has no such table
			b.note(strings.ReplaceAll(t.table, "_", " "), "%s of them: %s", rows[0].text("n"), t.what)
		}
	}
}

// kumaKind maps a type; false: there is none.
func (b *builder) kumaKind(r kumaRow, f *found) bool {
	host, port := r.text("hostname"), r.text("port")
	f.site = siteOf(host)
	switch kind := r.text("type"); kind {
	case "http", "keyword", "json-query":
		f.monitor, f.site = monitorOf("http", ""), r.text("url")
		b.kumaHTTP(r, f)
		b.kumaWanted(r, f)
	case "port":
		f.monitor = monitorOf("tcp", hostAndPort(host, port))
	case "ping", "tailscale-ping":
		f.monitor = monitorOf("icmp", host)
		if n := int(r.number("ping_count")); n > 0 {
			f.settings["count"] = min(n, 20)
		}
		if kind == "tailscale-ping" {
			b.note(f.name, "is an ordinary ping now: a worker inside the tailnet can do it")
		}
	case "dns":
		f.monitor = monitorOf("dns", host)
		if record := r.text("dns_resolve_type"); record != "" {
			f.settings["record"] = record
		}
		if servers := strings.Split(r.text("dns_resolve_server"), ","); servers[0] != "" {
			f.settings["nameserver"] = hostAndPort(strings.TrimSpace(servers[0]), port)
			if len(servers) > 1 {
				b.note(f.name, "asks the first of its %d name servers only", len(servers))
			}
		}
	case "push":
		f.monitor, f.site = monitorOf("heartbeat", ""), nowhere(f.name)
		b.note(f.name, "calls in at a URL of its own, which the new monitor shows; it must be told there")
	case "smtp":
		f.monitor = monitorOf("smtp", hostAndPort(host, port))
		f.settings["security"] = map[string]string{"secure": "tls", "nostarttls": "none"}[r.text("smtp_security")]
		if f.settings["security"] == "" {
			f.settings["security"] = "starttls"
		}
	case "websocket-upgrade":
		f.monitor = monitorOf("websocket", r.text("url"))
		f.site = siteOf(hostOf(r.text("url")))
	case "grpc-keyword":
		f.monitor = monitorOf("grpc", r.text("grpc_url"))
		f.site = siteOf(hostOf(r.text("grpc_url")))
		if !r.is("grpc_enable_tls") {
			f.settings["security"] = "none"
		}
		b.note(f.name, "asks the health service of the server instead of calling %s", r.text("grpc_method"))
	case "redis", "mongodb", "postgres", "mysql", "sqlserver", "mqtt", "rabbitmq", "radius", "kafka-producer":
		return b.kumaDatabase(r, f, kind)
	default:
		b.note(f.name, "is left out: there is no kind %q here", kind)
		return false
	}
	return true
}

// kumaDatabase opens the port of what speaks a protocol that no kind knows.
func (b *builder) kumaDatabase(r kumaRow, f *found, kind string) bool {
	host, port := r.text("hostname"), r.text("port")
	if u, err := url.Parse(r.text("database_connection_string")); host == "" && err == nil && u.Hostname() != "" {
		defaults := map[string]string{"redis": "6379", "mongodb": "27017", "postgres": "5432", "mysql": "3306", "sqlserver": "1433"}
		if host, port = u.Hostname(), u.Port(); port == "" {
			port = defaults[kind]
		}
	}
	if host == "" || port == "" || port == "0" || kind == "radius" {
		b.note(f.name, "is left out: there is no kind %q here", kind)
		return false
	}
	f.monitor, f.site = monitorOf("tcp", hostAndPort(host, port)), siteOf(host)
	b.note(f.name, "opens the port only: there is no kind %q here", kind)
	return true
}

func hostAndPort(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || port == "0" {
		return host
	}
	return host + ":" + port
}

func (b *builder) kumaHTTP(r kumaRow, f *found) {
	if m := r.text("method"); m != "" && m != "GET" {
		f.settings["method"] = m
	}
	var codes []any
	if json.Unmarshal([]byte(r.text("accepted_statuscodes_json")), &codes) == nil && len(codes) > 0 {
		f.settings["expected_status"] = texts(codes)
	}
	var headers map[string]any
	contentType := ""
	if text := strings.TrimSpace(r.text("headers")); text != "" {
		if json.Unmarshal([]byte(text), &headers) != nil {
			b.note(f.name, "headers cannot be read: they are no JSON object")
		}
	}
	var list []any
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if strings.EqualFold(name, "Content-Type") && r.text("body") != "" {
			contentType = fmt.Sprint(headers[name])
			continue
		}
		list = append(list, map[string]any{"name": name, "value": fmt.Sprint(headers[name])})
		b.Secrets = b.Secrets || strings.EqualFold(name, "Authorization")
	}
	if list != nil {
		f.settings["headers"] = list
	}
	if text := r.text("body"); text != "" {
		f.settings["body"] = kumaBody(r.text("http_body_encoding"), text, contentType)
	}
	if r.text("maxredirects") != "" {
		switch n := int(r.number("maxredirects")); {
		case n == 0:
			f.settings["redirects"] = map[string]any{"follow": false}
		case n < 5:
			f.settings["redirects"] = map[string]any{"limit": n}
		}
	}
	b.kumaAuth(r, f)
}

func kumaBody(encoding, text, contentType string) map[string]any {
	body := map[string]any{"type": "raw", "text": text}
	switch {
	case contentType != "":
	case encoding == "xml":
		contentType = "text/xml; charset=utf-8"
	case encoding == "form":
		contentType = "application/x-www-form-urlencoded"
	case json.Valid([]byte(text)):
		body["type"] = "json"
	default:
		contentType = "application/json"
	}
	if contentType != "" {
		body["content_type"] = contentType
	}
	return body
}

func (b *builder) kumaAuth(r kumaRow, f *found) {
	auth := map[string]any{}
	switch method := r.text("auth_method"); method {
	case "", "null":
		if r.text("basic_auth_user") == "" {
			break
		}
		fallthrough // Kuma before 1.18 had no method
	case "basic":
		auth["type"], auth["username"], auth["password"] = "basic", r.text("basic_auth_user"), r.text("basic_auth_pass")
	case "oauth2-cc":
		auth["type"], auth["token_url"], auth["client_id"], auth["client_secret"] = "oauth2", r.text("oauth_token_url"), r.text("oauth_client_id"), r.text("oauth_client_secret")
		if scopes := strings.Fields(r.text("oauth_scopes")); len(scopes) > 0 {
			auth["scopes"] = scopes
		}
		if r.text("oauth_auth_method") == "client_secret_post" {
			auth["client_auth"] = "body"
		}
	case "mtls":
		f.settings["tls"] = map[string]any{"certificate": r.text("tls_cert"), "key": r.text("tls_key")}
		if ca := r.text("tls_ca"); ca != "" {
			f.settings["tls"].(map[string]any)["ca"] = ca
		}
		b.Secrets = true
	default:
		b.note(f.name, "logs in by %s, which has no counterpart", method)
	}
	if len(auth) > 0 {
		f.settings["auth"], b.Secrets = auth, true
	}
}

// kumaWanted maps what an answer must have: a keyword, or a value in JSON.
func (b *builder) kumaWanted(r kumaRow, f *found) {
	switch r.text("type") {
	case "keyword":
		comparison := "contains"
		if r.is("invert_keyword") {
			comparison = "not_contains"
		}
		f.settings["assertions"] = []any{assertion("body", "", comparison, r.text("keyword"))}
	case "json-query":
		path, ok := pathOf("[BODY]." + strings.TrimPrefix(strings.TrimPrefix(r.text("json_path"), "$"), "."))
		op := r.text("json_path_operator")
		comparison := map[string]string{"": "equals", "==": "equals", "!=": "not_equals", "<": "less_than", ">": "greater_than", "contains": "contains"}[op]
		if !ok || comparison == "" {
			b.note(f.name, "the query %q %s %q has no counterpart: only the status is looked at", r.text("json_path"), op, r.text("expected_value"))
			return
		}
		var target any = r.text("expected_value")
		if op == "<" || op == ">" {
			target = r.number("expected_value")
		}
		f.settings["assertions"] = []any{assertion("json", path, comparison, target)}
	}
}

// kumaRest tells of settings that have no counterpart.
func (b *builder) kumaRest(r kumaRow, f *found) {
	if r.is("ignore_tls") && slices.Contains([]string{"http", "tls", "websocket", "grpc"}, f.monitor.Kind) && f.settings["security"] != "none" {
		settings, _ := f.settings["tls"].(map[string]any)
		if settings == nil {
			settings = map[string]any{}
		}
		settings["skip_verify"] = true
		f.settings["tls"] = settings
	}
	if r.number("maxretries") > 0 {
		b.note("", "maxretries: retries are confirmation by several regions here: see policy")
	}
	if r.number("resend_interval") > 0 {
		b.note("", "resend_interval: how often an alert is repeated is a channel's reminder_seconds here")
	}
	if r.text("proxy_id") != "" {
		b.note(f.name, "went through a proxy and goes by itself now")
	}
	if v := strings.TrimSpace(r.text("conditions")); v != "" && v != "[]" && v != "null" {
		b.note(f.name, "its conditions have no counterpart: %s", v)
	}
}
