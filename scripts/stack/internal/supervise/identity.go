package supervise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Identity tells one process from every other that ever had or will have its number:
// the number alone comes round again, after a reboot at once.
type Identity struct {
	Pid   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks after boot, field 22 of /proc/<pid>/stat
	Boot  string `json:"boot"`  // the kernel's boot id
}

// ErrGone is returned for a process that does not run.
var ErrGone = errors.New("no such process")

// Identify reads the identity of a running process.
func Identify(pid int) (Identity, error) {
	start, state, err := readStat(pid)
	if err != nil {
		return Identity{}, err
	}
	if state == 'Z' || state == 'X' {
		return Identity{}, ErrGone
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Identity{}, fmt.Errorf("boot id: %w", err)
	}
	return Identity{Pid: pid, Start: start, Boot: string(bytes.TrimSpace(boot))}, nil
}

// Alive tells whether that very process still runs.
func (id Identity) Alive() bool {
	if id.Pid <= 1 {
		return false
	}
	now, err := Identify(id.Pid)
	return err == nil && now == id
}

// Signal sends s if that very process still runs, else it returns [ErrGone].
func (id Identity) Signal(s syscall.Signal) error {
	if !id.Alive() {
		return ErrGone
	}
	return syscall.Kill(id.Pid, s)
}

// End asks the process to stop by s, waits, and kills it when patience is over.
func (id Identity) End(s syscall.Signal, patience time.Duration) error {
	if err := id.Signal(s); err != nil {
		return ignoreGone(err)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if !id.Alive() {
			return nil
		}
	}
	if err := id.Signal(syscall.SIGKILL); err != nil {
		return ignoreGone(err)
	}
	for range 250 {
		if !id.Alive() {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("process %d does not end", id.Pid)
}

func ignoreGone(err error) error {
	if errors.Is(err, ErrGone) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// readStat returns the start time and the state letter of a process.
func readStat(pid int) (start uint64, state byte, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return 0, 0, ErrGone
	}
	if err != nil {
		return 0, 0, err
	}
	// The second field, the name in parentheses, may hold anything: start after it.
	i := bytes.LastIndexByte(b, ')')
	fields := strings.Fields(string(b[i+1:]))
	const startField = 22 - 3 // fields are counted from 1, two are cut off
	if i < 0 || len(fields) <= startField {
		return 0, 0, fmt.Errorf("cannot read /proc/%d/stat", pid)
	}
	start, err = strconv.ParseUint(fields[startField], 10, 64)
	return start, fields[0][0], err
}

// record writes <name>.pid, for people and scripts, and <name>.id beside it, by which
// the process is known again.
func record(dir, name string, id Identity) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	full, err := json.Marshal(id)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, name+".id"), full); err != nil {
		return err
	}
	return replace(filepath.Join(dir, name+".pid"), []byte(strconv.Itoa(id.Pid)+"\n"))
}

// replace writes a file so that no reader ever sees half of it.
func replace(path string, content []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, content, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// Record records a running process under a name.
func Record(dir, name string, pid int) error {
	id, err := Identify(pid)
	if err != nil {
		return err
	}
	return record(dir, name, id)
}

// Forget removes the record of a name.
func Forget(dir, name string) { forget(dir, name) }

func forget(dir, name string) {
	_ = os.Remove(filepath.Join(dir, name+".pid"))
	_ = os.Remove(filepath.Join(dir, name+".id"))
}

// Recorded returns the process that was recorded under the name if it still runs.
func Recorded(dir, name string) (Identity, bool) {
	var id Identity
	b, err := os.ReadFile(filepath.Join(dir, name+".id"))
	if err != nil || json.Unmarshal(b, &id) != nil {
		return Identity{}, false
	}
	return id, id.Alive()
}

// Leftovers returns what was recorded in dir and still runs, by name: processes whose
// supervisor was killed.
func Leftovers(dir string) map[string]Identity {
	out := map[string]Identity{}
	files, _ := filepath.Glob(filepath.Join(dir, "*.id")) // the pattern is well-formed
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".id")
		if id, alive := Recorded(dir, name); alive {
			out[name] = id
		} else {
			forget(dir, name)
		}
	}
	return out
}
