//go:build integration

package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
)

// ask calls a replica and returns the status and the body; 0 if nobody answered.
func ask(ctx context.Context, method, at, body string) (int, []byte) {
	req, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(body))
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, text
}

func awaitReplica(t *testing.T, base string) {
	t.Helper()
	until(t, "a replica is ready", func() bool {
		status, _ := ask(t.Context(), "GET", base+"/v1/websites", "")
		return status == http.StatusOK
	})
}

// still is a body without what is another with each answer.
func still(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if json.Unmarshal(text, &v) != nil {
		return string(text)
	}
	var clean func(v any)
	clean = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				clean(one)
			}
		case map[string]any:
			for _, name := range []string{"request_id", "time", "last_used_at", "now", "generated_at", "from", "to", "since", "until", "slots_end", "queue_memory_bytes", "stages", "last_seen_at"} {
				delete(v, name)
			}
			for name, one := range v {
				if strings.HasSuffix(name, "_seconds") { // that have passed by now
					delete(v, name)
				}
				clean(one)
			}
		}
	}
	clean(v)
	return v
}

// TestTwoReplicasGiveTheSameAnswers asks both for everything that can be read.
func TestTwoReplicasGiveTheSameAnswers(t *testing.T) {
	cfg := settings(t, pgtest.URL(t))
	one, _, _ := start(t, cfg)
	two, _, _ := start(t, cfg)
	awaitReplica(t, one)
	awaitReplica(t, two)
	var w struct {
		ID       string
		Monitors []struct{ ID string }
	}
	for n, base := range []string{one, two} { // each has something from the other
		status, text := ask(t.Context(), "POST", base+"/v1/websites", fmt.Sprintf(`{"url": "site%d.example", "tags": ["t%d"]}`, n, n))
		if status != http.StatusCreated {
			t.Fatalf("status %d: %s", status, text)
		}
		if err := json.Unmarshal(text, &w); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	asked, found := 0, 0
	for path, item := range doc.Paths.Map() {
		if item.Get == nil || item.Get.OperationID == "streamEvents" {
			continue
		}
		id := w.ID
		if strings.HasPrefix(path, "/v1/monitors/") {
			id = w.Monitors[0].ID
		}
		path = strings.NewReplacer("{id}", id, "{name}", "us-east", "{token}", "nobodys", "{slug}", "nobodys").Replace(path)
		first, a := ask(t.Context(), "GET", one+path, "")
		second, b := ask(t.Context(), "GET", two+path, "")
		asked++
		if first == http.StatusOK {
			found++
		}
		if diff := cmp.Diff(still(t, a), still(t, b)); first != second || first == 0 || diff != "" {
			t.Errorf("%s: %d and %d (-one +two):\n%s", path, first, second, diff)
		}
	}
	if asked < 30 || found < 15 {
		t.Errorf("asked for %d paths, of which %d were there", asked, found)
	}
}

// TestAReplicaThatStopsDropsNoWrite stops one of two replicas while both are written to:
// whatever it has answered is there.
func TestAReplicaThatStopsDropsNoWrite(t *testing.T) {
	cfg := settings(t, pgtest.URL(t))
	one, _, stop := start(t, cfg)
	two, _, _ := start(t, cfg)
	awaitReplica(t, one)
	awaitReplica(t, two)
	const writers, enough = 4, 20 // enough: writes of the first replica before it stops
	var mu sync.Mutex
	made := map[string]string{} // id: url
	from := map[string]int{}
	reached := make(chan struct{})
	var work sync.WaitGroup
	for n := range writers {
		base := []string{one, two}[n%2]
		work.Go(func() {
			// Those of the replica that stops go on until nobody answers, the others for a while after.
			for i := 0; base == one || i < 3*enough; i++ {
				url := fmt.Sprintf("https://w%d-%d.example", n, i)
				status, text := ask(t.Context(), "POST", base+"/v1/websites", `{"url": "`+url+`"}`)
				if status == 0 && base == one {
					return
				}
				if status != http.StatusCreated {
					t.Errorf("status %d: %s", status, text)
					return
				}
				var w struct{ ID string }
				if err := json.Unmarshal(text, &w); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				made[w.ID] = url
				if from[base]++; base == one && from[base] == enough {
					close(reached)
				}
				mu.Unlock()
			}
		})
	}
	<-reached
	stop()
	work.Wait()
	for id, url := range made {
		status, text := ask(t.Context(), "GET", two+"/v1/websites/"+id, "")
		if status != http.StatusOK || !strings.Contains(string(text), url) {
			t.Errorf("%s was answered and is not there: status %d: %s", url, status, text)
		}
	}
	if from[one] < enough || from[two] < enough {
		t.Errorf("only %v were made", from)
	}
}
