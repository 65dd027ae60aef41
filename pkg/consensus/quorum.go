package consensus

import "github.com/probefleet/probefleet/pkg/uptime"

// Need returns k, how many of n counted regions must fail for down. ok is false
// where n votes cannot decide under this rule at all.
//
//	n         1  2  3  4  5  6  7
//	majority  1  2  2  3  3  4  4   ⌊n/2⌋+1
//	any       1  1  1  1  1  1  1
//	all       1  2  3  4  5  6  7
//	count 3   –  –  3  3  3  3  3   unknown while n < count
//
// An unknown mode is judged by majority: a policy written by a newer release must
// not silence a monitor.
func Need(q uptime.Quorum, n int) (k int, ok bool) {
	if n < 1 {
		return 0, false
	}
	switch q.Mode {
	case uptime.QuorumAny:
		return 1, true
	case uptime.QuorumAll:
		return n, true
	case uptime.QuorumCount:
		k = max(q.Count, 1)
		return k, k <= n
	default:
		return n/2 + 1, true
	}
}

// Least returns the fewest counted votes that may decide anything for a number of
// assigned regions: half of them, rounded up, and never one voice among several.
//
//	assigned  1  2  3  4  5  6  7
//	least     1  2  2  2  3  3  4   max(2, ⌈assigned/2⌉), but 1 of 1
func Least(assigned int) int {
	if assigned <= 1 {
		return 1
	}
	return max(2, (assigned+1)/2)
}
