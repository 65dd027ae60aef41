package queue

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestURL(t *testing.T) {
	t.Parallel()
	type parsed struct {
		Addrs          string
		DB             int
		User, Password string
		TLS            string
		Cluster        bool
	}
	tests := []struct {
		url  string
		want parsed
		bad  bool
	}{
		{url: "redis://localhost", want: parsed{Addrs: "localhost:6379"}},
		{url: "redis://10.0.0.1:7000/3", want: parsed{Addrs: "10.0.0.1:7000", DB: 3}},
		{url: "redis://u:p%40ss@h:1/0", want: parsed{Addrs: "h:1", User: "u", Password: "p@ss"}},
		{url: "rediss://u:p@h.test:1/0", want: parsed{Addrs: "h.test:1", User: "u", Password: "p", TLS: "h.test"}},
		{url: "redis://u:p@a:1,b:2,c:3", want: parsed{Addrs: "a:1 b:2 c:3", User: "u", Password: "p"}},
		{url: "rediss://a.test:1,b.test:2", want: parsed{Addrs: "a.test:1 b.test:2", TLS: "-"}},
		{url: "redis://h:1?cluster=true", want: parsed{Addrs: "h:1", Cluster: true}},
		{url: "redis://h:1/0?dial_timeout=3s&cluster=true", want: parsed{Addrs: "h:1", Cluster: true}},
		{url: "unix:///run/redis.sock?db=2", want: parsed{Addrs: "/run/redis.sock", DB: 2}},
		{url: "redis://a:1,b:2/4", bad: true},
		{url: "redis://h:1/notanumber", bad: true},
		{url: "redis://h:1?nonsense=1", bad: true},
		{url: "http://h:1", bad: true},
		{url: "h:1", bad: true},
		{url: "", bad: true},
	}
	for _, tc := range tests {
		opt, err := parseURL(tc.url)
		if tc.bad {
			if err == nil {
				t.Errorf("%q: no error", tc.url)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tc.url, err)
			continue
		}
		got := parsed{
			Addrs: strings.Join(opt.Addrs, " "), DB: opt.DB, User: opt.Username, Password: opt.Password, Cluster: opt.IsClusterMode,
		}
		if opt.TLSConfig != nil {
			got.TLS = opt.TLSConfig.ServerName
			if got.TLS == "" {
				got.TLS = "-"
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.url, diff)
		}
	}
}

func TestErrorsOfAURLDoNotShowItsPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis://u:hunter2@h:1/x", "redis://u:hunter2@h:port", "tcp://u:hunter2@h", "redis://u:hunter2@a:1,b:1/3"} {
		if _, err := parseURL(url); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v", url, err)
		}
	}
}

// Keys are a contract with running fleets, with ACLs and with autoscalers.
func TestKeysAreStable(t *testing.T) {
	t.Parallel()
	l := Lane{Region: "eu-west", Shard: 2}
	got := []string{
		l.checks(), l.urgent(), l.results(), l.cursor(), l.ledger(), l.dlq(), l.dirty(), l.alive(), l.workers(),
		ReplyKey(l, uptime.ID{15: 1}), keyRegions, keyLive,
	}
	want := []string{
		"pf:{eu-west.2}:checks", "pf:{eu-west.2}:urgent", "pf:{eu-west.2}:results", "pf:{eu-west.2}:cursor",
		"pf:{eu-west.2}:ledger", "pf:{eu-west.2}:dlq", "pf:{eu-west.2}:dirty", "pf:{eu-west.2}:alive",
		"pf:{eu-west.2}:workers", "pf:{eu-west.2}:reply:00000000-0000-0000-0000-000000000001", "pf:regions",
		"pf:{live}:events",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestIDsAreOrderedByNumber(t *testing.T) {
	t.Parallel()
	ids := []string{"0-0", "5-1", "5-2", "5-10", "10-0", "1800000000000-0"}
	for i, a := range ids {
		for j, b := range ids {
			want := 0
			if i != j {
				want = map[bool]int{true: -1, false: 1}[i < j]
			}
			if got := CompareIDs(a, b); got != want {
				t.Errorf("CompareIDs(%s, %s) = %d, want %d", a, b, got, want)
			}
		}
	}
}
