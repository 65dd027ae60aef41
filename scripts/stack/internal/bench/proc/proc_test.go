package proc

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	const line = "4711 (a ) b (c) S 17 4711 4711 0 -1 4194560 100 200 0 0 250 50 7 3 20 0 9 0 12345 1000 200"
	got, err := parseStat(line)
	if err != nil {
		t.Fatal(err)
	}
	want := stat{pid: 4711, parent: 17, own: 3 * time.Second, children: 100 * time.Millisecond}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(stat{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "1 (x", "1 (x) S 2 3", "1 (x) S y 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q is taken for a line of stat", bad)
		}
	}
}

func TestParseBusy(t *testing.T) {
	t.Parallel()
	got, err := parseBusy("cpu  100 10 200 99999 888 30 40 7 0 0")
	if want := 3800 * time.Millisecond; err != nil || got != want {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if _, err := parseBusy("intr 1 2 3"); err == nil {
		t.Error("a line about interrupts is taken for one about processors")
	}
}

// TestADescendantsTimeCounts burns time in a child of a child.
func TestADescendantsTimeCounts(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", "(while :; do :; done) & wait")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		table, err := Read()
		if err == nil {
			for _, pid := range table.Tree(cmd.Process.Pid) {
				if p, err := os.FindProcess(pid); err == nil {
					_ = p.Kill()
				}
			}
		}
		_ = cmd.Wait()
	}()
	deadline := time.Now().Add(time.Minute)
	for {
		table, err := Read()
		if err != nil {
			t.Fatal(err)
		}
		if tree := table.Tree(cmd.Process.Pid); len(tree) == 2 && table.CPU(cmd.Process.Pid) >= 50*time.Millisecond {
			pss, err := table.PSS(cmd.Process.Pid)
			if err != nil || pss < 4096 {
				t.Errorf("its memory: %d, %v", pss, err)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 30 s its tree is %v with %v", table.Tree(cmd.Process.Pid), table.CPU(cmd.Process.Pid))
		}
		time.Sleep(10 * time.Millisecond)
	}
}
