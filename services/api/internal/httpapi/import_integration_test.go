//go:build integration

package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// importPlan is the answer to an import as a client sees it.
type importPlan struct {
	Applied                                   bool
	Adds, Changes, Removes, Unchanged, Errors int
	Items                                     []struct {
		Action, ID, Name string
		Line             *int
		Changes          []struct{ Field, Before, After string }
		Errors           []struct{ Pointer, Detail string }
	}
}

func (p *importPlan) counts() string {
	return fmt.Sprintf("+%d ~%d -%d =%d !%d", p.Adds, p.Changes, p.Removes, p.Unchanged, p.Errors)
}

// send sends a body of a type.
func (f *fleet) send(path, kind, body string) answer {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, f.url+path, strings.NewReader(body))
	f.ok(err)
	req.Header.Set("Authorization", "Bearer "+f.key)
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	defer res.Body.Close()
	a := answer{t: f.t, call: "POST " + path, status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(res.Body)
	f.ok(err)
	f.conforms(req, &a)
	return a
}

func (f *fleet) imports(query, kind, body, counts string) importPlan {
	f.t.Helper()
	var p importPlan
	f.send("/v1/import"+query, kind, body).want(200, &p)
	if p.counts() != counts {
		f.t.Fatalf("import%s: %s, want %s: %+v", query, p.counts(), counts, p.Items)
	}
	return p
}

const (
	asCSV  = "text/csv; charset=utf-8"
	asJSON = "application/json"
)

// TestExportsRoundTrip brings what one organisation has into another one, where it must
// look the same, and back into its own, where it must change nothing.
func TestExportsRoundTrip(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west")
	w := f.addWebsite(map[string]any{
		"url": "a.example/x?y=z", "name": "=HYPERLINK(\"x\"),\"quoted\"", "external_id": "-1", "tags": []string{"prod", "eu"}, "interval_seconds": 120,
		"timeout_ms": 5000, "regions": []string{"eu-west"}, "policy": map[string]any{"quorum": map[string]any{"mode": "all"}, "recovery_rounds": 3},
	})
	f.addMonitor(w.ID, `{"kind":"tcp","target":"a.example:25","name":"mail","settings":{"ip_version":"4"},"policy":{"quorum":{"mode":"count","count":1}}}`)
	f.addMonitor(w.ID, `{"kind":"heartbeat","name":"nightly","interval_seconds":86400,"settings":{"grace_seconds":600}}`)
	f.addMonitor(w.ID, `{"kind":"dns","target":"a.example","settings":{"record":"A"}}`)
	f.addWebsite(map[string]any{"url": "b.example", "name": "'t Huis"})
	p := f.addWebsite(map[string]any{"url": "bücher.example", "name": "Büch;er"})
	f.call("POST", "/v1/websites/"+p.ID+"/pause", nil).want(200, nil)
	f.call("POST", "/v1/websites/"+p.ID+"/mute", nil).want(200, nil)
	o := f.as("other")
	for _, format := range []string{asJSON, asCSV} {
		query := map[string]string{asJSON: "", asCSV: "?format=csv"}[format]
		export := f.call("GET", "/v1/export"+query, nil).want(200, nil)
		f.imports("", format, string(export.body), "+0 ~0 -0 =3 !0")
		before := f.holdings(f.org)
		if plan := o.imports("?dry_run=true", format, string(export.body), "+3 ~0 -0 =0 !0"); plan.Applied {
			t.Error("a dry run was applied")
		}
		if plan := o.imports("", format, string(export.body), "+3 ~0 -0 =0 !0"); !plan.Applied || plan.Items[0].ID == "" {
			t.Errorf("got %+v", plan)
		}
		if theirs := o.call("GET", "/v1/export"+query, nil).want(200, nil); string(theirs.body) != string(export.body) {
			t.Errorf("the export of what was imported differs:\n%s\n%s", export.body, theirs.body)
		}
		o.imports("", format, string(export.body), "+0 ~0 -0 =3 !0")
		if after := f.holdings(f.org); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("the first organisation has changed: %v, %v", before, after)
		}
		o.call("POST", "/v1/websites/bulk", map[string]any{"action": "delete", "all": true}).want(200, nil)
	}
}

// TestSecretsStayWithAnImport shows that they leave with no export, stay with its import,
// and must be given where there are none.
func TestSecretsStayWithAnImport(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	f.call("PATCH", "/v1/monitors/"+w.Monitors[0].ID, map[string]any{"settings": map[string]any{
		"auth": map[string]any{"type": "bearer", "token": "hush-token"}, "headers": []any{map[string]any{"name": "X-Api-Key", "value": "hush-header"}},
	}}).want(200, nil)
	export := string(f.call("GET", "/v1/export", nil).want(200, nil).body)
	if strings.Contains(export, "hush") || !strings.Contains(export, `"/auth/token"`) || !strings.Contains(export, `"/headers/0/value"`) {
		t.Errorf("the export: %s", export)
	}
	sealed := func() (sealed []byte) {
		f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT secrets_sealed FROM monitor WHERE id = $1", w.Monitors[0].ID).Scan(&sealed))
		return sealed
	}
	before := sealed()
	f.imports("", asJSON, export, "+0 ~0 -0 =1 !0")
	plan := f.imports("", asJSON, strings.Replace(export, `"interval_seconds":60`, `"interval_seconds":90`, 1), "+0 ~1 -0 =0 !0")
	if c := plan.Items[0].Changes; len(c) != 1 || c[0].Before != "60" || c[0].After != "90" || !strings.HasSuffix(c[0].Field, "/interval_seconds") {
		t.Errorf("changes %+v", c)
	}
	if !slices.Equal(before, sealed()) {
		t.Error("the secrets were sealed anew")
	}
	if plan := f.as("other").imports("", asJSON, export, "+0 ~0 -0 =0 !1"); plan.Applied || !strings.HasPrefix(plan.Items[0].Errors[0].Pointer, "#/monitors/0/settings/") {
		t.Errorf("got %+v", plan)
	}
}

func TestImportsNameWhatIsWrongByLine(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	f.addWebsite(map[string]any{"url": "known.example", "external_id": "k"})
	before := f.holdings(f.org)
	plan := f.imports("", asCSV, "\ufeffurl,name,tags,interval_seconds,timeout_ms,regions,paused,external_id\r\n"+
		"good.example,Good,a;b,60,5000,us-east,true,g\r\n"+
		"ftp://x,Bad,,,,,,\r\n"+
		"a.example,\"Two\nlines\",,3,,,,\r\n"+
		"b.example,B,UPPER CASE,,,mars,,\r\n"+
		"c.example,C,,60,60001,,perhaps,\r\n"+
		"good.example,Again,,,,,,\r\n"+
		"known.example,,,,,,,k\r\n"+
		"other.example,,,,,,,k\r\n"+
		"short\r\n", "+1 ~0 -0 =1 !7")
	if plan.Applied {
		t.Error("it was applied")
	}
	lines := map[int]string{}
	for _, item := range plan.Items {
		for _, e := range item.Errors {
			lines[*item.Line] += e.Pointer + " " + e.Detail + "; "
		}
	}
	for line, says := range map[int]string{
		3: "#/url must be an http://", 4: "#/interval_seconds must be at least 5", 6: "#/tags/0 ", 7: "#/paused must be true or false", 8: "#/url is that of line 2",
		10: "the same website as line 9", 11: "has 1 cells",
	} {
		if !strings.Contains(lines[line], says) {
			t.Errorf("line %d: %q, want %q in it", line, lines[line], says)
		}
	}
	if after := f.holdings(f.org); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("something was changed")
	}
	for _, tt := range []struct {
		query, kind, body string
		status            int
		says              string
	}{
		{"", "text/plain", "url\na.example", 415, "text/csv"},
		{"", "application/x-www-form-urlencoded", "url\na.example", 415, "text/csv"},
		{"?prune=true", asCSV, "url\na.example", 422, "managed_by"},
		{"", asJSON, "url\na.example", 400, "JSON"},
		{"", asJSON, `{"websites":[{"url":"a.example"}]}`, 422, "name"},
		{"", asCSV, strings.Repeat("x", 17<<20), 413, "16 MiB"},
		{"", asCSV, "", 400, ""},
	} {
		if p := f.send("/v1/import"+tt.query, tt.kind, tt.body).problem(tt.status); !strings.Contains(p.Detail, tt.says) {
			t.Errorf("%s %.20q: %q, want %q in it", tt.kind, tt.body, p.Detail, tt.says)
		}
	}
	f.send("/v1/websites", asCSV, "url\na.example").problem(415)
	if plan := f.imports("", asCSV, "url,colour\na.example,red\n", "+0 ~0 -0 =0 !1"); !strings.Contains(plan.Items[0].Errors[0].Detail, "no column") {
		t.Errorf("got %+v", plan)
	}
}

// TestManagedWebsites keeps some as code beside others that are kept by hand.
func TestManagedWebsites(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	hand := f.addWebsite(map[string]any{"url": "hand.example", "name": "By hand"})
	named := f.addWebsite(map[string]any{"url": "old.example", "name": "Moved"})
	source := `{"websites":[{"name":"A","url":"a.example"},{"name":"Moved","url":"new.example","tags":["x"]},
		{"name":"C","url":"c.example","monitors":[{"kind":"http","target":"https://c.example"},{"kind":"tcp","target":"c.example:1","name":"one"}]}]}`
	plan := f.imports("?managed_by=git&prune=true", asJSON, source, "+2 ~1 -0 =0 !0")
	for _, item := range plan.Items {
		if item.Name == "Moved" && item.ID != named.ID {
			t.Errorf("known again by its name: %+v", item)
		}
	}
	var moved tagged
	f.call("GET", "/v1/websites/"+named.ID, nil).want(200, &moved)
	if moved.URL != "https://new.example" || moved.Monitors[0].Target != moved.URL || moved.ManagedBy != "git" {
		t.Errorf("got %+v", moved)
	}
	f.imports("?managed_by=git&prune=true", asJSON, source, "+0 ~0 -0 =3 !0")
	if plan := f.imports("?managed_by=elsewhere", asJSON, source, "+0 ~0 -0 =0 !3"); !strings.Contains(plan.Items[0].Errors[0].Detail, `"git"`) {
		t.Errorf("got %+v", plan)
	}
	less := `{"websites":[{"name":"C","url":"c.example","monitors":[{"kind":"http","target":"https://c.example"}]},{"name":"D","url":"a.example"}]}`
	f.imports("?managed_by=git", asJSON, less, "+0 ~1 -0 =1 !0") // only D has another name
	plan = f.imports("?managed_by=git&prune=true&dry_run=true", asJSON, less, "+0 ~1 -1 =1 !0")
	if plan.Items[0].Action != "remove" || plan.Items[0].Line != nil || plan.Items[0].ID != named.ID {
		t.Errorf("got %+v", plan.Items[0])
	}
	f.imports("?managed_by=git&prune=true", asJSON, less, "+0 ~1 -1 =1 !0")
	var left pageOf[tagged]
	f.call("GET", "/v1/websites", nil).want(200, &left)
	if len(left.Items) != 3 || left.Items[0].ID != hand.ID {
		t.Errorf("got %+v", left.Items)
	}
	for _, w := range left.Items {
		if w.Name == "C" && len(w.Monitors) != 1 {
			t.Errorf("a monitor that is no longer named stays: %+v", w.Monitors)
		}
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	var ids []string
	for i := range 5 {
		ids = append(ids, f.addWebsite(map[string]any{"url": fmt.Sprintf("s%d.example", i), "tags": []string{fmt.Sprintf("t%d", i%2)}}).ID)
	}
	theirs := f.as("other").addWebsite(map[string]any{"url": "theirs.example", "tags": []string{"t0"}})
	do := func(matched, changed int, body map[string]any) {
		t.Helper()
		var got struct {
			Matched, Changed int
			Missing          []string
		}
		f.call("POST", "/v1/websites/bulk", body).want(200, &got)
		if got.Matched != matched || got.Changed != changed {
			t.Errorf("%v: %d matched, %d changed, want %d and %d", body, got.Matched, got.Changed, matched, changed)
		}
		if n := len(got.Missing); body["ids"] == nil && n != 0 {
			t.Errorf("%v: missing %v", body, got.Missing)
		}
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	do(3, 3, map[string]any{"action": "pause", "tag": "t0", "dry_run": true})
	do(3, 3, map[string]any{"action": "pause", "tag": "t0", "until": until})
	do(3, 0, map[string]any{"action": "pause", "tag": "t0", "until": until})
	do(3, 3, map[string]any{"action": "mute", "status": "paused"})
	do(5, 3, map[string]any{"action": "resume", "all": true})
	do(5, 3, map[string]any{"action": "unmute", "all": true})
	do(5, 5, map[string]any{"action": "tag", "all": true, "tags": []string{"t0", "new"}})
	do(5, 0, map[string]any{"action": "tag", "all": true, "tags": []string{"new"}})
	do(5, 2, map[string]any{"action": "untag", "all": true, "tags": []string{"t1", "none"}})
	do(1, 1, map[string]any{"action": "check", "ids": []string{ids[0]}})
	do(2, 2, map[string]any{"action": "delete", "ids": []string{ids[0], ids[1], theirs.ID}})
	var got tagged
	f.call("GET", "/v1/websites/"+ids[2], nil).want(200, &got)
	if !slices.Equal(got.Tags, []string{"new", "t0"}) || got.Paused || got.Muted {
		t.Errorf("got %+v", got)
	}
	f.call("GET", "/v1/websites/"+ids[0], nil).problem(404)
	f.as("other").call("GET", "/v1/websites/"+theirs.ID, nil).want(200, nil)
	var records int
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE operation = 'bulkWebsites' AND object_kind = 'website' AND action = 'update'").Scan(&records))
	if records != 3+3+3+3+5+2 {
		t.Errorf("%d records", records)
	}
	many := make([]string, 49)
	for i := range many {
		many[i] = fmt.Sprintf("many-%d", i)
	}
	for body, pointer := range map[string]string{
		`{"action":"pause"}`: "#", `{"action":"pause","all":true,"tag":"t0"}`: "#", `{"action":"delete","all":false}`: "#", `{"action":"tag","all":true}`: "#/tags",
		`{"action":"resume","all":true,"until":"2999-01-01T00:00:00Z"}`: "#/until", `{"action":"pause","all":true,"tags":["a"]}`: "#/tags",
		`{"action":"tag","all":true,"tags":["` + strings.Join(many, `","`) + `"]}`: "#/tags",
	} {
		f.call("POST", "/v1/websites/bulk", body).invalid(pointer)
	}
}
