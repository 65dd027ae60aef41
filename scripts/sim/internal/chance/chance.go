// Package chance owns the simulation's randomness: values that are a function of a
// seed and of what they are drawn for, so that a draw depends neither on the draws
// before it nor on who makes it, and streams of them where one draw follows another.
package chance

import (
	"math"
	"time"
)

// Key names what is drawn for. The zero key is as good as any other.
type Key uint64

// With returns the key of a part of what k names.
func (k Key) With(part uint64) Key { return Key(mix(uint64(k) ^ mix(part+golden))) }

const golden = 0x9e3779b97f4a7c15

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable
// pseudorandom number generators", 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uniform returns the key's number, above 0 and below 1.
func (k Key) Uniform() float64 { return unit(mix(uint64(k))) }

// Below returns the key's whole number from 0 to n-1.
func (k Key) Below(n int) int { return int(mix(uint64(k)) % uint64(n)) }

// Stream returns the stream of numbers that belongs to the key.
func (k Key) Stream() Stream { return Stream{uint64(k)} }

// Stream is a sequence of draws. Copies go on alike.
type Stream struct{ state uint64 }

// Next returns 64 random bits.
func (s *Stream) Next() uint64 {
	s.state += golden
	return mix(s.state)
}

// Uniform returns a number above 0 and below 1.
func (s *Stream) Uniform() float64 { return unit(s.Next()) }

// Below returns a whole number from 0 to n-1.
func (s *Stream) Below(n int) int { return int(s.Next() % uint64(n)) }

// Exponential returns a time of that mean, as between events that know nothing of
// each other.
func (s *Stream) Exponential(mean time.Duration) time.Duration {
	return time.Duration(-math.Log(s.Uniform()) * float64(mean))
}

// Geometric returns how many trials pass before the next that hits, each with
// probability p in (0, 1).
func (s *Stream) Geometric(p float64) int64 {
	return int64(min(math.Log(s.Uniform())/math.Log1p(-p), math.MaxInt32))
}

// Spread returns a time between two, each order of magnitude as likely as the other.
func (s *Stream) Spread(from, to time.Duration) time.Duration {
	return time.Duration(float64(from) * math.Pow(float64(to)/float64(from), s.Uniform()))
}

// unit maps 64 bits to the open interval from 0 to 1.
func unit(bits uint64) float64 { return (float64(bits>>11) + 0.5) / (1 << 53) }
