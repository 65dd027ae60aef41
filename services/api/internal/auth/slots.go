package auth

import (
	"context"
	"errors"
	"sync/atomic"
)

const (
	// hashSlots is how many passwords are hashed at the same moment, 46 MiB each.
	hashSlots = 2
	// hashQueue is how many may wait for that: a second or two of work.
	hashQueue = 32
)

// ErrBusy is returned while too many passwords wait to be hashed.
var ErrBusy = errors.New("too many passwords are being checked")

// nobody is a hash that no password has: a digest of zeros would first have to be found.
// Checking against it takes as long as checking one that there is.
var nobody = phc(make([]byte, argonSalt), make([]byte, argonKey))

// Passwords hashes and checks passwords, few at a time, so that however many sign in at
// once, memory is bounded. It is safe for concurrent use.
type Passwords struct {
	slots   chan struct{}
	waiting atomic.Int64
}

// NewPasswords returns one; a process needs no second.
func NewPasswords() *Passwords { return &Passwords{slots: make(chan struct{}, hashSlots)} }

// Hash is [HashPassword] in turn. Errors are ErrBusy, the context's, or what is wrong
// with the password.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	return HashPassword(password)
}

// Check is [CheckPassword] in turn. With an empty hash, nobody's, it takes as long and
// says no.
func (p *Passwords) Check(ctx context.Context, password, hash string) (bool, error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	if hash == "" {
		_, err := CheckPassword(password, nobody)
		return false, err
	}
	return CheckPassword(password, hash)
}

func (p *Passwords) enter(ctx context.Context) error {
	if p.waiting.Add(1) > hashSlots+hashQueue {
		p.waiting.Add(-1)
		return ErrBusy
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		p.waiting.Add(-1)
		return ctx.Err()
	}
}

func (p *Passwords) leave() {
	<-p.slots
	p.waiting.Add(-1)
}
