package rules

import "testing"

func TestRules(t *testing.T) {
	t.Parallel()
	type result struct {
		rank int
		fail bool
	}
	f := func(ranks ...int) (rs []result) {
		for _, r := range ranks {
			rs = append(rs, result{r, true})
		}
		return rs
	}
	set := func(rs ...Rule) (bits uint8) {
		for _, r := range rs {
			bits |= 1 << r
		}
		return bits
	}
	tests := []struct {
		name    string
		regions int
		results []result
		want    uint8
	}{
		{"one of four fails", 4, f(1), set(Any)},
		{"half of four fail", 4, f(1, 2), set(Any, Half)},
		{"one of three is less than half", 3, f(1), set(Any)},
		{"all of three fail", 3, f(0, 1, 2), set(Any, Half, Share)},
		{"one of ten passes", 10, f(1, 2, 3, 4, 5, 6, 7, 8, 9), set(Any, Half, Share)},
		{"two of ten pass", 10, f(2, 3, 4, 5, 6, 7, 8, 9), set(Any, Half)},
		{"twice from the first place", 3, f(0, 0), set(Any, TwoRow)},
		{"twice from another place", 3, f(1, 1), set(Any)},
		{"three times", 3, f(0, 0, 0), set(Any, TwoRow, ThreeRow)},
		{"a pass in between", 3, []result{{0, true}, {0, false}, {0, true}}, set(Any)},
		{"a pass ends it", 3, append(f(0, 0, 0), result{0, false}), 0},
		{"well again", 3, append(f(0, 1, 2), result{0, false}, result{1, false}, result{2, false}), 0},
	}
	for _, tt := range tests {
		var s State
		for _, r := range tt.results {
			s.Scheduled(r.rank, tt.regions, r.fail)
		}
		if s.down != tt.want {
			t.Errorf("%s: rules %07b hold it to be down, want %07b", tt.name, s.down, tt.want)
		}
	}
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		regions int
		answers []bool // failed
		want    bool
	}{
		{3, []bool{true, false, false}, false},
		{3, []bool{true, false, true}, true},
		{3, []bool{false, true, true}, true},
		{1, []bool{true}, true},
		{1, []bool{false}, false},
	}
	for _, tt := range tests {
		var s State
		_, recheck := s.Scheduled(0, tt.regions, true)
		if !recheck || s.Calm() {
			t.Fatal("a failure is not rechecked")
		}
		if _, again := s.Scheduled(0, tt.regions, true); again {
			t.Error("rechecked again before the first is over")
		}
		for i, failed := range tt.answers {
			changed := s.Rechecked(tt.regions, failed)
			if last := i == len(tt.answers)-1; (changed != 0) != (last && tt.want) {
				t.Errorf("%v: rules %b change with answer %d", tt.answers, changed, i)
			}
		}
		if s.Down(Recheck) != tt.want {
			t.Errorf("%d regions, answers %v: down %v", tt.regions, tt.answers, s.Down(Recheck))
		}
		for rank := range tt.regions {
			s.Scheduled(rank, tt.regions, false)
		}
		if !s.Calm() {
			t.Errorf("not calm after passes: %+v", s)
		}
	}
}
