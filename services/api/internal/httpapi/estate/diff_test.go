package estate_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/estate"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	got := estate.Diff(
		estate.State{"a": 1, "b": json.RawMessage(`{"x":1, "y":2}`), "c": []string{"p"}, "gone": nil},
		estate.State{"a": 2, "b": json.RawMessage(`{"y":2,"x":1}`), "c": []string{"p"}, "new": true},
	)
	want := []estate.Change{{"a", "1", "2"}, {"gone", "null", ""}, {"new", "", "true"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSecretsThatAreLeftOutStay(t *testing.T) {
	t.Parallel()
	shown := `{"method":"POST","auth":{"type":"bearer","token":"***"},"headers":[{"name":"X","value":"y"},{"name":"Authorization","value":"***"}]}`
	open, secrets := estate.Without(object(t, shown))
	if diff := cmp.Diff([]string{"/auth/token", "/headers/1/value"}, secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	for _, tt := range []struct{ given, patch string }{
		{`{}`, `{"method":null,"auth":null,"headers":null}`},
		{
			`{"auth":{"type":"bearer"},"headers":[{"name":"Authorization"},{"name":"Z","value":"1"}]}`,
			`{"method":null,"auth":{"type":"bearer"},"headers":[{"name":"Authorization","value":"***"},{"name":"Z","value":"1"}]}`,
		},
		{`{"method":"GET","auth":{"type":"bearer","token":"new"}}`, `{"method":"GET","auth":{"type":"bearer","token":"new"},"headers":null}`},
	} {
		if diff := cmp.Diff(object(t, tt.patch), estate.Replacing(object(t, shown), object(t, tt.given))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.given, diff)
		}
	}
	if patch := estate.Replacing(object(t, shown), open); patch["headers"].([]any)[1].(map[string]any)["value"] != "***" {
		t.Errorf("what was exported loses a secret: %v", patch)
	}
}

// FuzzPlan holds the parts of a plan to what makes it one: what is the same is no change,
// what is shown without secrets has none, and what replaces settings by themselves leaves
// them as they are.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":"***"}}`), []byte(`{"b":[{"name":"x","v":"***"}]}`))
	f.Add([]byte(`{}`), []byte(`{"":null,"a~/b":["***",[["***"]]]}`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var a, b map[string]any
		if json.Unmarshal(one, &a) != nil || json.Unmarshal(two, &b) != nil {
			return
		}
		if got := estate.Diff(a, a); len(got) > 0 {
			t.Errorf("differs from itself: %v", got)
		}
		if there, back := estate.Diff(a, b), estate.Diff(b, a); len(there) != len(back) {
			t.Errorf("%v one way, %v the other", there, back)
		}
		open, _ := estate.Without(a)
		if _, left := estate.Without(open); len(left) > 0 {
			t.Errorf("secrets are left: %v", left)
		}
		for name := range estate.Replacing(a, b) {
			_, was := a[name]
			if v, given := b[name]; !was && !given {
				t.Errorf("%q comes from nowhere: %v", name, v)
			}
		}
		for name, v := range estate.Replacing(a, a) {
			if _, scalar := v.(string); scalar && !reflect.DeepEqual(v, a[name]) {
				t.Errorf("%q becomes %v", name, v)
			}
		}
	})
}
