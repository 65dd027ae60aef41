package letter

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Text is a letter as its reader sees it.
type Text struct {
	Subject string
	Lines   []string // paragraphs
	Action  string   // what following the link does; empty: there is none
	Link    string
	Foot    string // why they get it, and what to do if it was not them
}

// maxName bounds what somebody else wrote and the reader sees, in runes: an invitation is
// no way to send a stranger a text of one's own.
const maxName = 80

// Text returns what a letter says.
func (l *Letter) Text() Text {
	t := Text{Link: l.Link}
	where := "the uptime monitor"
	if l.Fleet != "" {
		where += " at " + l.Fleet
	}
	until := ""
	if !l.Until.IsZero() {
		until = " The link works once, until " + moment(l.Until) + "."
	}
	switch l.Kind {
	case Invitation:
		org := plain(l.Organisation)
		t.Subject = "You are invited to " + org
		t.Lines = []string{fmt.Sprintf("%s invites you to join %s as %s on %s.", plain(l.By), org, withArticle(l.Role), where)}
		t.Action, t.Foot = "Accept the invitation", "If you do not know what this is about, ignore this mail: nothing happens then."+until
	case PasswordReset:
		t.Subject = "Choose a new password"
		t.Lines = []string{"Somebody asked for a new password for " + l.To + " on " + where + "."}
		t.Action, t.Foot = "Choose a new password", "If that was not you, ignore this mail: the password stays as it is."+until
	case PasswordChanged:
		t.news("Your password was changed", "The password of "+l.To+" on "+where+" was changed. Every other session was ended.")
	case EmailChanged:
		t.news("Your e-mail address was changed", "The account of "+l.To+" on "+where+" has the address "+plain(l.NewEmail)+" now.")
	case FactorAdded:
		t.news("A second factor was added", "Signing in as "+l.To+" on "+where+" asks for a code of an authenticator app from now on.")
	case FactorRemoved:
		t.news("The second factor was removed", "Signing in as "+l.To+" on "+where+" asks for the password only from now on.")
	case CodesRenewed:
		t.news("You have new recovery codes", "The recovery codes of "+l.To+" on "+where+" were replaced.")
	}
	if t.Foot == newsFoot && l.Address != "" {
		t.Lines = append(t.Lines, "It was done from "+l.Address+" at "+moment(l.At)+".")
	}
	return t
}

const newsFoot = "If that was not you, ask for a new password at once and tell whoever runs the fleet."

func (t *Text) news(subject, line string) {
	t.Subject, t.Lines, t.Foot = subject, []string{line}, newsFoot
}

func withArticle(role string) string {
	if role != "" && strings.ContainsRune("aeo", rune(role[0])) {
		return "an " + role
	}
	return "a " + role
}

func moment(t time.Time) string { return t.UTC().Format("15:04 on 2 January 2006") + " UTC" }

// plain makes what somebody wrote one line of letters without addresses that a mail
// program would make links of.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	s = strings.NewReplacer("://", " ", "//", " ").Replace(s)
	if runes := []rune(s); len(runes) > maxName {
		s = string(runes[:maxName]) + "…"
	}
	return strings.TrimSpace(s)
}
