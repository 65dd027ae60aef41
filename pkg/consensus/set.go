package consensus

import "math/bits"

// set is a set of region indices below [MaxRegions].
type set [MaxRegions / 64]uint64

func (s *set) add(i int)     { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s set) empty() bool    { return s == set{} }

// keep removes what is not in o.
func (s *set) keep(o set) {
	for i := range s {
		s[i] &= o[i]
	}
}

// without returns what is in s and not in o.
func (s set) without(o set) set {
	for i := range s {
		s[i] &^= o[i]
	}
	return s
}

func (s set) len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// list returns the members in order, nil if there are none.
func (s set) list() []int {
	var all []int
	for i := range MaxRegions {
		if s.has(i) {
			all = append(all, i)
		}
	}
	return all
}

// names returns the names of the members in order.
func (s set) names(regions []string) []string {
	names := make([]string, 0, s.len())
	for i, name := range regions {
		if s.has(i) {
			names = append(names, name)
		}
	}
	return names
}
