// Package profile remembers fleets and keys: one file of the user's own, which nobody
// else can read.
package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Default is the profile in use when none is named.
const Default = "default"

// Profile is a fleet and the key for it.
type Profile struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

// File is where profiles are kept.
type File struct {
	Path string
}

// In returns the file below a directory of settings, such as ~/.config.
func In(dir string) File { return File{filepath.Join(dir, "probefleet", "profiles.json")} }

var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// ErrUnknown is returned for a profile that is not there.
var ErrUnknown = errors.New("there is no such profile; probefleet login makes one")

func (f File) read() (map[string]Profile, error) {
	text, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Profile{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	all := map[string]Profile{}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("profiles: %s cannot be read: %w", f.Path, err)
	}
	return all, nil
}

// Get returns a profile.
func (f File) Get(called string) (Profile, error) {
	all, err := f.read()
	if err != nil {
		return Profile{}, err
	}
	p, there := all[called]
	if !there {
		return Profile{}, fmt.Errorf("profile %q: %w", called, ErrUnknown)
	}
	return p, nil
}

// Put stores a profile. Whoever reads meanwhile sees the file as it was or as it is.
func (f File) Put(called string, p Profile) error {
	if !name.MatchString(called) {
		return fmt.Errorf("%q is no name of a profile: letters, digits, '.', '_' and '-', at most 64", called)
	}
	all, err := f.read()
	if err != nil {
		return err
	}
	all[called] = p
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	dir := filepath.Dir(f.Path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	draft, err := os.CreateTemp(dir, "profiles-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	defer os.Remove(draft.Name()) // after the rename there is nothing
	_, err = draft.Write(append(text, '\n'))
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = os.Rename(draft.Name(), f.Path)
	}
	if err != nil {
		return fmt.Errorf("profiles: %w", err)
	}
	return nil
}
