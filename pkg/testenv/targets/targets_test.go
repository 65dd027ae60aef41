package targets

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func get(t *testing.T, url, agent string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", agent)
	res, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

func TestBehavioursChangeAtRunTime(t *testing.T) {
	t.Parallel()
	s, err := Start(Config{Control: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if code, _, err := get(t, s.URL+"/shop", ""); code != 200 || err != nil {
		t.Fatalf("at first: %d, %v", code, err)
	}
	put := func(text string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+ControlPath+"shop", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	if code := put("region eu; status 503; redirect 302 /elsewhere"); code != 204 {
		t.Fatalf("control: %d", code)
	}
	if code, _, _ := get(t, s.URL+"/shop", "probefleet/1 (eu)"); code != 503 {
		t.Errorf("in the region: %d, want 503", code)
	}
	if code, _, _ := get(t, s.URL+"/shop", "probefleet/1 (us)"); code != 200 || s.Requests("/elsewhere") != 1 {
		t.Errorf("elsewhere: %d, %d requests after the redirect", code, s.Requests("/elsewhere"))
	}
	if code := put("explode"); code != 400 {
		t.Errorf("nonsense: %d, want 400", code)
	}
	if s.LastHeader("/shop").Get("User-Agent") != "probefleet/1 (us)" {
		t.Errorf("last header: %v", s.LastHeader("/shop"))
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"ok", "status 503", "body 2000", "hang", "hang-body", "drip 2 1ms", "reset", "cut", "garbage", "bomb",
		"headers 100000", "loop", "redirect 301 https://example.com/", "delay 1ms; ok", "flap 1h; ok; status 500",
		"after 1m; hang; ok", "region eu-west; reset; delay 1s; status 404",
	} {
		if b, err := Parse(text); err != nil || b == nil {
			t.Errorf("Parse(%q) = %v", text, err)
		}
	}
	for _, text := range []string{
		"", ";", "status", "status x", "status 7", "redirect 301", "drip 3", "flap 1s; ok", "flap x; ok; ok", "delay 1s", "region", "ok ok",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) passed", text)
		}
	}
}

func TestSequenceAndFlap(t *testing.T) {
	t.Parallel()
	s := New(t, Sequence(Status(500), Status(200)))
	s.Set("/flap", Flap(time.Hour, Status(201), Status(500)))
	s.Set("/after", After(time.Nanosecond, Status(500), Status(202)))
	s.Set("/cut", Cut())
	s.Set("/reset", Reset())
	for i, want := range []int{500, 200, 200} {
		if code, _, _ := get(t, s.URL+"/", ""); code != want {
			t.Errorf("request %d: %d, want %d", i, code, want)
		}
	}
	if code, _, _ := get(t, s.URL+"/flap", ""); code != 201 {
		t.Errorf("flap: %d", code)
	}
	if code, _, _ := get(t, s.URL+"/after", ""); code != 202 {
		t.Errorf("after: %d", code)
	}
	for _, path := range []string{"/cut", "/reset"} {
		if code, body, err := get(t, s.URL+path, ""); err == nil {
			t.Errorf("%s: %d %q, want an error", path, code, body)
		}
	}
}
