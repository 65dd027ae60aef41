package estate_test

import (
	"testing"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/estate"
)

func TestSitesClashInTheOrderOfThePlan(t *testing.T) {
	t.Parallel()
	site := func(n byte, url, external string) estate.Site {
		return estate.Site{ID: uptime.ID{15: n}, Name: "site " + string('0'+n), URLKey: url, ExternalID: external}
	}
	added := func(line int, one estate.Site) estate.Site {
		one.Line = line
		return one
	}
	permitted := site(3, "a", "")
	permitted.AllowDuplicate = true
	type put struct {
		site estate.Site
		says string // empty: nothing is in its way
	}
	for name, tt := range map[string]struct {
		removed []byte
		puts    []put
	}{
		"new with the URL of one with another external id": {nil, []put{{added(1, site(9, "a", "z")), `url is that of "site 1" already, whose external_id is "x"`}}},
		"new with the URL of one without":                  {nil, []put{{added(1, site(9, "b", "z")), `url is that of "site 2" already`}}},
		"new with an external id that is taken":            {nil, []put{{added(1, site(9, "c", "x")), `external_id is that of "site 1" already`}}},
		"no external id is nobody's":                       {nil, []put{{added(1, site(9, "c", "")), ""}, {added(2, site(8, "d", "")), ""}}},
		"two new ones":                                     {nil, []put{{added(1, site(9, "c", "z")), ""}, {added(2, site(8, "c", "")), "url is that of line 1, too"}, {added(3, site(7, "d", "z")), "external_id is that of line 1, too"}}},
		"moved to where another is":                        {nil, []put{{site(2, "a", ""), `url is that of "site 1" already, whose external_id is "x"`}, {added(2, site(9, "b", "")), `url is that of "site 2" already`}}},
		"moved to where another was":                       {nil, []put{{site(1, "c", "x"), ""}, {site(2, "a", ""), ""}}},
		"moved to where another is yet":                    {nil, []put{{site(2, "a", ""), `url is that of "site 1" already, whose external_id is "x"`}, {site(1, "c", "x"), ""}}},
		"in the place of a removed one":                    {[]byte{1}, []put{{added(1, site(9, "a", "x")), ""}}},
		"removed twice":                                    {[]byte{1, 1}, []put{{added(1, site(9, "b", "")), `url is that of "site 2" already`}}},
		"a permitted duplicate":                            {nil, []put{{permitted, ""}, {permitted, ""}, {site(1, "a", "y"), ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sites := estate.NewSites([]estate.Site{site(1, "a", "x"), site(2, "b", "")})
			for _, n := range tt.removed {
				sites.Remove(uptime.ID{15: n})
			}
			for i, p := range tt.puts {
				says := ""
				if clash := sites.Put(p.site); clash != nil {
					says = clash.Field + " " + clash.Error()
				}
				if says != p.says {
					t.Errorf("put %d: %q, want %q", i, says, p.says)
				}
			}
		})
	}
}
