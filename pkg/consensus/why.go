package consensus

import "fmt"

// Why is the reason for which a vote is not counted.
type Why uint8

// The reasons. Only [WhyCounted] counts.
const (
	WhyCounted  Why = iota
	WhySick         // the region fails too many targets that others reach
	WhyNoResult     // no result of this revision yet
	WhyStale        // the last result is older than the freshness
	WhySilent       // the same, and the region has no live worker
	WhyNoAnswer     // something fails, and it has not answered since the last round was asked
	WhyBlind        // a network failure, and the region's canary failed in the same round
	WhySameSite     // a network failure, and the site's canaries failed
	WhyUnproven     // a network failure without its canary yet
	whyCount
)

var whyNames = [whyCount]string{
	"", "sick", "no_result", "stale", "silent", "no_answer", "blind", "same_site", "unproven",
}

var whyPhrases = [whyCount]string{
	"counted", "excluded as sick", "without a result", "stale", "silent", "did not answer",
	"blind (canary failed)", "blind (canaries of the site failed)", "unproven (no canary yet)",
}

// String returns the stable name, empty for [WhyCounted].
func (w Why) String() string {
	if w < whyCount {
		return whyNames[w]
	}
	return fmt.Sprintf("why_%d", uint8(w))
}

// Phrase returns a few words for people, to follow a region's name.
func (w Why) Phrase() string {
	if w < whyCount {
		return whyPhrases[w]
	}
	return w.String()
}

// MarshalText implements [encoding.TextMarshaler].
func (w Why) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (w *Why) UnmarshalText(b []byte) error {
	for i, name := range whyNames {
		if name == string(b) {
			*w = Why(i)
			return nil
		}
	}
	return fmt.Errorf("unknown why %.40q", b)
}
