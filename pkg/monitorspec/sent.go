package monitorspec

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// sentMember is where the settings of a check carry their sealed secrets, by region. No
// kind has a setting of that name.
const sentMember = "$sealed"

// Sealer seals and opens for a place; a seal.Box does.
type Sealer interface {
	Seal(plain []byte, place ...string) []byte
	Open(sealed []byte, place ...string) ([]byte, error)
}

// Of settings with sealed secrets on their way to a worker.
var (
	// ErrNoRegionKey says that secrets cannot be opened for want of a key.
	ErrNoRegionKey = errors.New("the worker has no REGION_KEY to open the secrets of this check with")
	// ErrNotSent says that the secrets do not open: they were sealed under another key,
	// for another region, or for another check than the one that carries them.
	ErrNotSent = errors.New("the secrets of this check do not open here: they are sealed under another key than this worker's REGION_KEY, or for another target or other settings")
)

// sentPlace is the additional data under which secrets are sealed for a region. All that
// decides where they go is in it: kind and target, and the public settings, which name
// token URLs, what is trusted and what may follow a redirect. So whoever can write to
// the queue cannot have a worker tell them to somebody else.
func sentPlace(region string, monitor uptime.ID, kind uptime.Kind, target string, public json.RawMessage) ([]string, error) {
	settings, err := canonical(public)
	if err != nil {
		return nil, err
	}
	return []string{"region/" + region, "monitor/" + monitor.String(), "settings", string(kind), target, settings}, nil
}

// canonical writes settings as everybody who handles them on the way would agree to: the
// database sorts members and rewrites numbers.
func canonical(settings json.RawMessage) (string, error) {
	members := map[string]any{}
	if len(settings) > 0 {
		if err := json.Unmarshal(settings, &members); err != nil {
			return "", errors.New("settings are no object") // the error may quote them
		}
	}
	b, err := json.Marshal(unsigned(members))
	return string(b), err
}

// unsigned turns every -0 into 0, as the database does.
func unsigned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = unsigned(member)
		}
	case []any:
		for i, member := range v {
			v[i] = unsigned(member)
		}
	case float64:
		if v == 0 {
			return 0.0
		}
	}
	return v
}

// Send seals the secrets of a monitor, whose settings are the public half, for regions,
// each under its own key. The result is an object whose one member, added to the public
// half, makes the settings of a check; it is nil without regions.
func Send(secrets json.RawMessage, m *uptime.Monitor, keys map[string]Sealer) (json.RawMessage, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	sealed := make(map[string][]byte, len(keys))
	for region, key := range keys {
		place, err := sentPlace(region, m.ID, m.Kind, m.Target, m.Settings)
		if err != nil {
			return nil, err
		}
		sealed[region] = key.Seal(secrets, place...)
	}
	return json.Marshal(map[string]any{sentMember: sealed})
}

// Carried adds what [Send] made to the public half of settings, as the database does for
// the pusher; nothing is added if it is empty.
func Carried(public, sent json.RawMessage) (json.RawMessage, error) {
	if len(sent) == 0 || string(sent) == "{}" {
		return public, nil
	}
	members := map[string]json.RawMessage{}
	for _, half := range []json.RawMessage{public, sent} {
		if len(half) == 0 {
			continue
		}
		if err := json.Unmarshal(half, &members); err != nil {
			return nil, errors.New("settings are no object")
		}
	}
	return json.Marshal(members)
}

// Sent tells whether what [Send] made holds these secrets for exactly these regions and
// keys, and for what the monitor checks now, so that it can stay as it is.
func Sent(sent, secrets json.RawMessage, m *uptime.Monitor, keys map[string]Sealer) bool {
	_, sealed, err := cutSent(sent)
	if err != nil || len(sealed) != len(keys) {
		return false
	}
	for region, key := range keys {
		place, err := sentPlace(region, m.ID, m.Kind, m.Target, m.Settings)
		if err != nil {
			return false
		}
		if plain, err := key.Open(sealed[region], place...); err != nil || !bytes.Equal(plain, secrets) {
			return false
		}
	}
	return true
}

// Sealed tells whether settings may have sealed secrets in them.
func Sealed(settings []byte) bool { return bytes.Contains(settings, []byte(`"`+sentMember+`"`)) }

// cutSent takes the sealed secrets out of settings; nil if there are none.
func cutSent(settings []byte) (public json.RawMessage, sealed map[string][]byte, err error) {
	if !Sealed(settings) {
		return settings, nil, nil
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(settings, &members); err != nil {
		return nil, nil, errors.New("settings are no object")
	}
	if members[sentMember] == nil { // the text stands somewhere else
		return settings, nil, nil
	}
	if err := json.Unmarshal(members[sentMember], &sealed); err != nil {
		return nil, nil, errors.New("sealed secrets are not in base64 by region")
	}
	delete(members, sentMember)
	public, err = json.Marshal(members)
	return public, sealed, err
}

// Receive returns the settings of a check as a prober reads them: with the secrets that
// [Send] sealed for the region. Settings without any are returned as they are. A nil box
// opens nothing. The errors say nothing of the settings and may be shown.
func Receive(c *uptime.Check, box Sealer) ([]byte, error) {
	public, sealed, err := cutSent(c.Settings)
	if err != nil || sealed == nil {
		return c.Settings, err
	}
	if box == nil {
		return nil, ErrNoRegionKey
	}
	place, err := sentPlace(c.Region, c.Monitor, c.Kind, c.Target, public)
	if err != nil {
		return nil, err
	}
	secrets, err := box.Open(sealed[c.Region], place...)
	if err != nil {
		return nil, ErrNotSent
	}
	s, err := Join(c.Kind, c.Target, public, secrets)
	if err != nil {
		return nil, err
	}
	return s.JSON()
}
