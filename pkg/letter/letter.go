// Package letter has the mails that the fleet writes to people about their accounts: an
// invitation, a link for a new password, news of a change. The api writes one as a job, in
// the transaction of what it tells of; the notifier sends it by the fleet's mail server.
// Links are secrets, so a job holds its letter sealed under the fleet's key.
package letter

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Kind is what a letter tells of.
type Kind string

// The kinds of letters.
const (
	Invitation      Kind = "invitation"
	PasswordReset   Kind = "password_reset"
	PasswordChanged Kind = "password_changed"
	EmailChanged    Kind = "email_changed" // to the address before
	FactorAdded     Kind = "factor_added"
	FactorRemoved   Kind = "factor_removed"
	CodesRenewed    Kind = "codes_renewed"
)

// Kinds are all of them.
var Kinds = []Kind{Invitation, PasswordReset, PasswordChanged, EmailChanged, FactorAdded, FactorRemoved, CodesRenewed}

// Known tells whether there is such a kind.
func (k Kind) Known() bool {
	for _, one := range Kinds {
		if k == one {
			return true
		}
	}
	return false
}

// Lasts is for how long a letter is worth sending: a link that comes later is of no use,
// and news that comes later frightens.
const Lasts = time.Hour

// Letter is one mail to one person. What a kind has no use for is empty.
type Letter struct {
	Kind         Kind      `json:"kind"`
	To           string    `json:"to"`
	Link         string    `json:"link,omitempty"`         // what to follow; a secret
	Organisation string    `json:"organisation,omitempty"` // of an invitation
	By           string    `json:"by,omitempty"`           // who invites
	Role         string    `json:"role,omitempty"`         // in the organisation
	NewEmail     string    `json:"new_email,omitempty"`
	Fleet        string    `json:"fleet,omitempty"`   // where people reach the fleet
	Address      string    `json:"address,omitempty"` // of the client that changed something
	At           time.Time `json:"at"`
	Until        time.Time `json:"until,omitzero"` // the link works
}

// Queue is the job queue of letters; only the notifier works on it.
const Queue = "letters"

// Args is the job that carries one letter.
type Args struct {
	ID        uptime.ID `json:"id" river:"unique"`
	Letter    Kind      `json:"letter"`
	Sealed    []byte    `json:"sealed"`
	ExpiresAt time.Time `json:"expires_at"` // it is not sent any more
}

// Kind implements river's JobArgs.
func (Args) Kind() string { return "letter" }

// place is the additional data under which a letter is sealed. It is of no tenant.
func place(id uptime.ID) []string { return []string{"", "letter/" + id.String(), "text"} }

// Seal returns the job of a letter that is written now.
func Seal(box *seal.Box, l Letter, now time.Time) (Args, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return Args{}, fmt.Errorf("encode letter: %w", err)
	}
	id := uptime.NewID(now)
	return Args{ID: id, Letter: l.Kind, Sealed: box.Seal(text, place(id)...), ExpiresAt: now.Add(Lasts)}, nil
}

// Open returns the letter of a job.
func Open(box *seal.Box, a Args) (Letter, error) {
	text, err := box.Open(a.Sealed, place(a.ID)...)
	if err != nil {
		return Letter{}, fmt.Errorf("letter %s: %w", a.ID, err)
	}
	var l Letter
	if err := json.Unmarshal(text, &l); err != nil {
		return Letter{}, fmt.Errorf("letter %s: it does not decode", a.ID) // the error might quote it
	}
	return l, nil
}
