package httpapi

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
)

const (
	slugTries = 6 // before a name that is made up is called taken; the later ones end at random
	slugMost  = 50
)

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slugOf makes up a slug for a name, another one at each try, from 1 on.
func slugOf(name string, try int) string {
	slug := notSlug.ReplaceAllString(strings.ToLower(name), "-")
	slug = strings.Trim(slug[:min(len(slug), slugMost)], "-")
	if slug == "" {
		slug = "organisation"
	}
	switch {
	case try > slugTries/2:
		var b [4]byte
		_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24.
		return fmt.Sprintf("%s-%x", slug, b)
	case try > 1:
		return fmt.Sprintf("%s-%d", slug, try)
	}
	return slug
}
