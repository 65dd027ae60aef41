package uptime

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// ID names an object for ever: a UUID of version 7 (RFC 9562), so that ids sort
// by the time they were made.
type ID [16]byte

// ErrID is returned for text that is not a UUID in its canonical form.
var ErrID = errors.New("not a UUID")

// NewID returns a fresh id stamped with now, to the millisecond.
func NewID(now time.Time) ID {
	var id ID
	_, _ = rand.Read(id[:]) // crypto/rand.Read never fails since Go 1.24.
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(id[:6], ms[2:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads the canonical 36 character form, in either case.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, fmt.Errorf("%w: %.40q", ErrID, s)
	}
	src := [5]string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]}
	n := 0
	for _, part := range src {
		m, err := hex.Decode(id[n:], []byte(part))
		if err != nil {
			return ID{}, fmt.Errorf("%w: %.40q", ErrID, s)
		}
		n += m
	}
	return id, nil
}

// IsZero tells whether the id was never set.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the canonical lower case form.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:], id[10:])
	return string(b[:])
}

// MarshalText implements [encoding.TextMarshaler].
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (id *ID) UnmarshalText(b []byte) error {
	v, err := ParseID(string(b))
	if err == nil {
		*id = v
	}
	return err
}

// Scan implements [database/sql.Scanner] for the text and binary forms; SQL's
// NULL becomes the zero id.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID{}
		return nil
	case string:
		return id.UnmarshalText([]byte(v))
	case []byte:
		if len(v) == len(id) {
			copy(id[:], v)
			return nil
		}
		return id.UnmarshalText(v)
	case [16]byte:
		*id = v
		return nil
	}
	return fmt.Errorf("%w: %T", ErrID, src)
}

// Value implements [driver.Valuer]; the zero id becomes SQL's NULL.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	return id.String(), nil
}

// Hash is the stable 64 bit hash from which shard and phase are drawn (FNV-1a
// followed by a finalizer, because FNV alone leaves ids that differ in one byte
// close together). It never changes: phases and shards depend on it.
func (id ID) Hash() uint64 {
	h := uint64(14695981039346656037)
	for _, c := range id {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Shard returns which of n shards owns the object; n below 2 means one shard.
func (id ID) Shard(n int) int {
	if n < 2 {
		return 0
	}
	return int(id.Hash() % uint64(n))
}
