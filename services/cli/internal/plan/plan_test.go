package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/plan"
)

// lines knows a line for each pointer: its length.
type lines struct{}

func (lines) LineOf(pointer string) int { return len(pointer) }

func TestWrite(t *testing.T) {
	t.Parallel()
	p := &client.Plan{Adds: 1, Changes: 1, Removes: 1, Unchanged: 3, Errors: 1, Items: []client.PlanItem{
		{Action: client.ActionRemove, Name: "Old\x1b[2J"},
		{Action: client.ActionAdd, Name: "New", Line: new(2), Changes: []client.Change{{Field: "url", After: `"https://new.example"`}}},
		{Action: client.ActionChange, Name: "Shop", Line: new(1), Changes: []client.Change{
			{Field: "monitors/api/interval_seconds", Before: "60", After: "30"}, {Field: "tags", Before: "", After: `["a"]`},
			{Field: "external_id", Before: `"x"`, After: ""}, {Field: "monitors/api/secrets", Before: `"***"`, After: `"***"`},
			{Field: "name", Before: `"` + strings.Repeat("ü", 300) + `"`, After: `"b"`},
		}},
		{Action: client.ActionError, Name: "Bad", Line: new(3), Errors: []client.FieldError{{Pointer: "#/url", Detail: "is not a URL"}}},
		{Action: "merge", Name: "Later"},
	}}
	want := `- Old�[2J
+ New
    + url: "https://new.example"
~ Shop
    ~ monitors/api/interval_seconds: 60 → 30
    + tags: ["a"]
    - external_id: "x"
    ~ monitors/api/secrets: another one
    ~ name: "` + strings.Repeat("ü", 199) + `… → "b"
! Bad
    ! f.yaml:16: url is not a URL
? Later
1 to add, 1 to change, 1 to remove, 3 unchanged, 1 wrong
`
	var b strings.Builder
	plan.Writer{Out: &b, Name: "f.yaml", Source: lines{}}.Write(p)
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	b.Reset()
	plan.Writer{Out: &b, Name: "kuma.db", Colour: true}.Write(&client.Plan{Applied: true, Removes: 1, Items: p.Items[3:4]})
	if got := b.String(); !strings.Contains(got, "\x1b[31m! Bad\x1b[0m\n") || !strings.Contains(got, "kuma.db, website 3: url is not a URL") || !strings.Contains(got, "1 removed") {
		t.Error(got)
	}
}
