// Package proc reads from /proc what processes and the machine have spent: CPU time of
// a process with all its descendants, its proportional memory, and how busy the
// machine was with anything at all.
package proc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc's CPU times; Linux has fixed it at 100 a second.
const tick = 10 * time.Millisecond

// stat is what is read of /proc/<pid>/stat.
type stat struct {
	pid, parent   int
	own, children time.Duration // user and system; children: those that have been waited for
}

// parseStat reads a line of /proc/<pid>/stat. The program's name may hold anything, so
// fields are counted from its closing parenthesis.
func parseStat(line string) (stat, error) {
	head, _, ok := strings.Cut(line, " (")
	end := strings.LastIndexByte(line, ')')
	if !ok || end < 0 {
		return stat{}, fmt.Errorf("not a line of stat: %.40q", line)
	}
	fields := strings.Fields(line[end+1:]) // fields[0] is the third of the manual, the state
	const most = 15
	if len(fields) < most {
		return stat{}, fmt.Errorf("stat has %d fields", len(fields))
	}
	var n [6]int64
	for i, field := range []string{head, fields[1], fields[11], fields[12], fields[13], fields[14]} {
		v, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return stat{}, err
		}
		n[i] = v
	}
	return stat{
		pid: int(n[0]), parent: int(n[1]),
		own: time.Duration(n[2]+n[3]) * tick, children: time.Duration(n[4]+n[5]) * tick,
	}, nil
}

// Table is all processes at one moment.
type Table struct {
	stats    map[int]stat
	children map[int][]int
}

// Read reads the table. A process that ends meanwhile is left out.
func Read() (*Table, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	t := &Table{stats: map[int]stat{}, children: map[int][]int{}}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		s, err := parseStat(string(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		t.stats[s.pid] = s
		t.children[s.parent] = append(t.children[s.parent], s.pid)
	}
	return t, nil
}

// Tree returns a process and its descendants.
func (t *Table) Tree(pid int) []int {
	pids := []int{pid}
	for _, child := range t.children[pid] {
		pids = append(pids, t.Tree(child)...)
	}
	return pids
}

// CPU returns what a process and all that it ever started have spent, as far as it has
// waited for those that ended.
func (t *Table) CPU(pid int) time.Duration {
	var sum time.Duration
	for _, p := range t.Tree(pid) {
		sum += t.stats[p].own + t.stats[p].children
	}
	return sum
}

// PSS returns the proportional memory in bytes of a process and its descendants: a page
// that n processes share counts as one nth. What may not be read is an error.
func (t *Table) PSS(pid int) (int64, error) {
	var sum int64
	for _, p := range t.Tree(pid) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrProcessDone) {
			continue // it has ended
		}
		if err != nil {
			return 0, err
		}
		n, err := pssOf(b)
		if err != nil {
			return 0, fmt.Errorf("process %d: %w", p, err)
		}
		sum += n
	}
	return sum, nil
}

func pssOf(rollup []byte) (int64, error) {
	lines := bufio.NewScanner(bytes.NewReader(rollup))
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), "Pss:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
		return kib << 10, err
	}
	return 0, errors.New("smaps_rollup has no line Pss")
}

// Busy returns for how long the machine's processors have done anything since it
// started, all processes and the kernel together.
func Busy() (time.Duration, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return parseBusy(line)
}

// parseBusy reads the first line of /proc/stat: user, nice, system, idle, iowait, irq,
// softirq; time stolen by a hypervisor and guests' time follow and are left out.
func parseBusy(line string) (time.Duration, error) {
	fields := strings.Fields(line)
	if len(fields) < 8 || fields[0] != "cpu" {
		return 0, fmt.Errorf("not the first line of /proc/stat: %.60q", line)
	}
	var sum time.Duration
	for _, i := range []int{1, 2, 3, 6, 7} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// Machine says in a few words what this is measured on: processors, memory, Go's
// system. No name of the machine is in it.
func Machine() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	memory := ""
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(string(b), "MemTotal: %d kB", &kib); err == nil {
			memory = fmt.Sprintf(", %.0f GiB", float64(kib)/(1<<20))
		}
	}
	release := ""
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		release, _, _ = strings.Cut(strings.TrimSpace(string(b)), "-")
		release = ", Linux " + release
	}
	return model + memory + release
}

// LoadAverage returns the load average of the last minute, zero if it is unknown.
func LoadAverage() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), " ")
	n, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return n
}
