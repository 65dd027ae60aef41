package targets

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Parse reads a behaviour from text, a few words each:
//
//	ok                        status 503                 body 2000000
//	hang                      hang-body                  drip 200 50ms
//	reset                     cut                        garbage
//	bomb                      headers 100000             loop
//	redirect 302 http://…     delay 2s; status 200
//	flap 30s; ok; status 500  after 1m; hang; ok
//	region eu-west; reset; ok
//
// What stands after a semicolon is a behaviour again; of several the last one takes
// all that follows.
func Parse(text string) (Behaviour, error) {
	head, rest, _ := strings.Cut(text, ";")
	words := strings.Fields(head)
	if len(words) == 0 {
		return nil, fmt.Errorf("no behaviour in %.40q", text)
	}
	if b, ok := simple[words[0]]; ok && len(words) == 1 {
		return b(), nil
	}
	number := func(i int) (int, error) {
		if len(words) <= i {
			return 0, fmt.Errorf("%s: a number is missing", words[0])
		}
		return strconv.Atoi(words[i])
	}
	duration := func(i int) (time.Duration, error) {
		if len(words) <= i {
			return 0, fmt.Errorf("%s: a duration is missing", words[0])
		}
		return time.ParseDuration(words[i])
	}
	switch words[0] {
	case "status", "body", "headers":
		n, err := number(1)
		if err != nil {
			return nil, err
		}
		if words[0] == "status" && (n < 100 || n > 999) {
			return nil, fmt.Errorf("status %d", n)
		}
		return map[string]func(int) Behaviour{"status": Status, "body": Body, "headers": HeaderFlood}[words[0]](n), nil
	case "drip":
		n, err := number(1)
		if err != nil {
			return nil, err
		}
		every, err := duration(2)
		if err != nil {
			return nil, err
		}
		return Drip(n, every), nil
	case "redirect":
		code, err := number(1)
		if err != nil || len(words) != 3 {
			return nil, fmt.Errorf("redirect: want a status and a URL")
		}
		return Redirect(code, words[2]), nil
	case "delay", "flap", "after", "region":
		return compound(words, rest)
	}
	return nil, fmt.Errorf("unknown behaviour %.40q", head)
}

var simple = map[string]func() Behaviour{
	"ok":   func() Behaviour { return Status(http.StatusOK) },
	"hang": Hang, "hang-body": HangBody, "reset": Reset, "cut": Cut, "garbage": Garbage,
	"bomb": func() Behaviour { return GzipBomb(10 << 20) },
	"loop": RedirectLoop,
}

// compound reads behaviours that are made of others.
func compound(words []string, rest string) (Behaviour, error) {
	if len(words) != 2 {
		return nil, fmt.Errorf("%s: want one word after it", words[0])
	}
	first, second, two := strings.Cut(rest, ";")
	if words[0] == "delay" {
		first, second, two = rest, "ok", true
	}
	if !two {
		return nil, fmt.Errorf("%s: want two behaviours, separated by semicolons", words[0])
	}
	a, err := Parse(first)
	if err != nil {
		return nil, err
	}
	b, err := Parse(second)
	if err != nil {
		return nil, err
	}
	if words[0] == "region" {
		return InRegion(words[1], a, b), nil
	}
	d, err := time.ParseDuration(words[1])
	if err != nil || d <= 0 {
		return nil, fmt.Errorf("%s: %q is not a duration", words[0], words[1])
	}
	switch words[0] {
	case "flap":
		return Flap(d, a, b), nil
	case "after":
		return After(d, a, b), nil
	}
	return Delay(d, a), nil
}
