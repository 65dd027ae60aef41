//go:build integration

package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestImportsSayBeforehandWhoseAURLIs has sources whose external ids tell them from the
// websites of the same URL: a dry run names them as the import itself does, by line.
func TestImportsSayBeforehandWhoseAURLIs(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	f.addWebsite(map[string]any{"url": "shop.example", "name": "The shop", "external_id": "old"})
	f.addWebsite(map[string]any{"url": "b.example", "name": "B", "external_id": "b"})
	before := f.holdings(f.org)
	source := "url,name,external_id\n" +
		"https://SHOP.example/,Shop,new\n" + // new, where another one is
		"shop.example,B,b\n" + // moved there
		"c.example,C,c\n" +
		"d.example,D,c\n"
	want := []string{
		`2 #/url is that of "The shop" already, whose external_id is "old"`,
		`3 #/url is that of "The shop" already, whose external_id is "old"`,
		`5 #/external_id is that of line 4, too`,
	}
	for _, query := range []string{"?dry_run=true", ""} {
		plan := f.imports(query, asCSV, source, "+1 ~0 -0 =0 !3")
		var got []string
		for _, item := range plan.Items {
			for _, e := range item.Errors {
				got = append(got, fmt.Sprintf("%d %s %s", *item.Line, e.Pointer, e.Detail))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || plan.Applied {
			t.Errorf("%q: applied %v, errors (-want +got):\n%s", query, plan.Applied, diff)
		}
	}
	if after := f.holdings(f.org); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("something was changed")
	}
}

// TestImportsTakeAURLThatIsLeft shows that a plan of no clash is carried out: what goes
// away, or moves in an earlier line, is in nobody's way.
func TestImportsTakeAURLThatIsLeft(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	f.imports("?managed_by=git", asCSV, "url,external_id\na.example,a\nb.example,b\n", "+2 ~0 -0 =0 !0")
	source := "url,external_id\nc.example,b\nb.example,new\na.example,another\n" // a is pruned, b moves
	for _, query := range []string{"&dry_run=true", ""} {
		plan := f.imports("?managed_by=git&prune=true"+query, asCSV, source, "+2 ~1 -1 =0 !0")
		if plan.Applied != (query == "") {
			t.Errorf("%q: applied %v", query, plan.Applied)
		}
	}
	f.imports("?managed_by=git&prune=true", asCSV, source, "+0 ~0 -0 =3 !0")
}
