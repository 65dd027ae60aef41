package estate

import (
	"fmt"
	"slices"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Site is what a website has that no other one may have.
type Site struct {
	ID             uptime.ID
	Name           string
	URLKey         string // the URL normalised
	ExternalID     string // empty: none
	AllowDuplicate bool   // others may have its URL
	Line           int    // of the source that makes it; 0: it is there already
}

// Sites are the websites as they are after the steps of a plan so far, as the store will
// have them when it takes the steps in the same order.
type Sites struct {
	sites     map[uptime.ID]Site
	urls      map[string][]uptime.ID
	externals map[string]uptime.ID
}

// NewSites returns those that are there before the first step.
func NewSites(present []Site) *Sites {
	s := &Sites{sites: make(map[uptime.ID]Site, len(present)), urls: map[string][]uptime.ID{}, externals: map[string]uptime.ID{}}
	for _, one := range present {
		s.take(one)
	}
	return s
}

// Clash is something of a website that another one has.
type Clash struct {
	Field string // url or external_id
	Of    Site
}

// Error says whose it is.
func (c *Clash) Error() string {
	switch {
	case c.Of.Line != 0:
		return fmt.Sprintf("is that of line %d, too", c.Of.Line)
	case c.Field == "url" && c.Of.ExternalID != "":
		return fmt.Sprintf("is that of %q already, whose external_id is %q", c.Of.Name, c.Of.ExternalID)
	}
	return fmt.Sprintf("is that of %q already", c.Of.Name)
}

// Put makes a website, or makes it another; nil if nothing is in its way.
func (s *Sites) Put(one Site) *Clash {
	was, known := s.sites[one.ID]
	if (!known || was.URLKey != one.URLKey) && !one.AllowDuplicate {
		for _, id := range s.urls[one.URLKey] {
			if id != one.ID {
				return &Clash{Field: "url", Of: s.sites[id]}
			}
		}
	}
	if id, taken := s.externals[one.ExternalID]; taken && id != one.ID {
		return &Clash{Field: "external_id", Of: s.sites[id]}
	}
	s.Remove(one.ID)
	s.take(one)
	return nil
}

// Remove frees what a website has.
func (s *Sites) Remove(id uptime.ID) {
	was, known := s.sites[id]
	if !known {
		return
	}
	delete(s.sites, id)
	s.urls[was.URLKey] = slices.DeleteFunc(s.urls[was.URLKey], func(other uptime.ID) bool { return other == id })
	if s.externals[was.ExternalID] == id {
		delete(s.externals, was.ExternalID)
	}
}

func (s *Sites) take(one Site) {
	s.sites[one.ID] = one
	s.urls[one.URLKey] = append(s.urls[one.URLKey], one.ID)
	if one.ExternalID != "" {
		s.externals[one.ExternalID] = one.ID
	}
}
