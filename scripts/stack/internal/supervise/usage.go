package supervise

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is the unit of /proc's start times; Linux has fixed it at 100.
const ticksPerSecond = 100

// Age returns how long ago the process started.
func (id Identity) Age() time.Duration {
	b, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0
	}
	text, _, _ := strings.Cut(string(b), " ")
	up, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return time.Duration((up - float64(id.Start)/ticksPerSecond) * float64(time.Second))
}

// ResidentBytes returns how much memory the process holds, zero if it is gone.
func (id Identity) ResidentBytes() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", id.Pid))
	fields := strings.Fields(string(b))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// Names returns the names of a set of processes in order.
func Names(set map[string]Identity) []string { return slices.Sorted(maps.Keys(set)) }
