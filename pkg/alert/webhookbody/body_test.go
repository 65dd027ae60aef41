package webhookbody_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
	"github.com/probefleet/probefleet/pkg/testenv/golden"
)

func TestBodies(t *testing.T) {
	t.Parallel()
	for _, n := range webhookbody.Samples() {
		b, err := webhookbody.New(&n).JSON()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := json.Indent(&out, b, "", "  "); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, string(n.Event)+".json", append(out.Bytes(), '\n'))
	}
}

func TestSamplesCoverEveryEvent(t *testing.T) {
	t.Parallel()
	have := map[alert.Event]bool{}
	for _, n := range webhookbody.Samples() {
		have[n.Event] = true
	}
	for _, e := range append(alert.Subscribable, alert.EventReminder, alert.EventTest) {
		if !have[e] {
			t.Errorf("no sample of %q", e)
		}
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	down := webhookbody.New(&webhookbody.Samples()[0])
	for _, tt := range []struct{ template, want string }{
		{`{"text": {{json .data.title}}}`, `{"text": "DOWN shop.example.com — connect timeout from 2 of 3 regions"}`},
		{`{{upper .data.event}} {{.data.website.name}}`, `DOWN shop.example.com`},
		{
			`{{range .data.regions}}{{.region}}={{if eq .outcome "fail"}}bad{{else}}ok{{end}} {{end}}`,
			`ap-south=bad eu-west=bad us-east=ok `,
		},
		{`{{len .data.regions}} {{with .data.website}}{{.url}}{{end}} {{$.type}}`, `3 https://shop.example.com/ alert.down`},
		{`{{with .data}}{{range .regions}}x{{end}}{{range $.data.regions}}y{{end}}{{end}}`, `xxxyyy`},
		{`{{if and (gt (len .data.regions) 2) (not .data.combined)}}{{index .data.website "name"}}{{end}}`, `shop.example.com`},
		{`{{$e := .data.event}}{{if eq $e "down" "reminder"}}page{{end}}`, `page`},
		{`{{json .data.explanation}}`, `"DOWN: 2 of 3 fresh regions, connect timeout"`},
	} {
		c, err := webhookbody.Compile(tt.template)
		if err != nil {
			t.Errorf("%s: %v", tt.template, err)
			continue
		}
		got, err := c.Render(down)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.template, got, err, tt.want)
		}
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":                     "",
		"syntax":                    "{{.data.title",
		"unknown name":              "{{.data.titel}}",
		"unknown function":          "{{env \"HOME\"}}",
		"printing grows":            `{{$x := "aaaaaaaaaaaaaaaa"}}{{$x = print $x $x}}`,
		"printf grows":              `{{printf "%1000000d" 1}}`,
		"call":                      `{{call .data}}`,
		"range over a number":       `{{range 1000000000}}{{end}}`,
		"range over a dot":          `{{with 1000000000}}{{range .}}{{end}}{{end}}`,
		"range over a variable":     `{{$n := 1000000000}}{{range $n}}{{end}}`,
		"range over a dollar":       `{{$ := 1000000000}}{{range $}}{{end}}`,
		"range over the whole":      `{{range $.data}}{{end}}`,
		"range in range":            `{{range .data.regions}}{{range $.data.regions}}{{end}}{{end}}`,
		"range hidden in else":      `{{if .data.combined}}{{else}}{{range 9}}{{end}}{{end}}`,
		"range hidden in with":      `{{with .data}}{{else with 9}}{{range .}}{{end}}{{end}}`,
		"range over a pipe":         `{{range .data.regions | len}}{{end}}`,
		"definition":                `{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`,
		"block":                     `{{block "a" .}}{{end}}`,
		"template":                  `{{template "template" .}}`,
		"too long":                  strings.Repeat("a", webhookbody.MaxTemplateBytes+1),
		"writes too much":           `{{range .data.regions}}` + strings.Repeat(`{{json $}}`, 1600) + `{{end}}`,
		"function in an assignment": `{{$x := print 1}}`,
		"function in parentheses":   `{{len (print 1)}}`,
		"function in a condition":   `{{if print 1}}{{end}}`,
	} {
		if _, err := webhookbody.Compile(text); err == nil {
			t.Errorf("%s is not refused: %.60s", name, text)
		} else if strings.Contains(err.Error(), "webhookbody") || len(err.Error()) > 300 {
			t.Errorf("%s: the error is not for people: %v", name, err)
		}
	}
}

func TestTooMuchIsNamed(t *testing.T) {
	t.Parallel()
	_, err := webhookbody.Compile(`{{range .data.regions}}` + strings.Repeat(`{{json $}}`, 100) + `{{end}}`)
	if !errors.Is(err, webhookbody.ErrTooLong) {
		t.Errorf("%v, want %v", err, webhookbody.ErrTooLong)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`{"text": {{json .data.title}}}`)
	f.Add(`{{range .data.regions}}{{.region}}{{end}}`)
	f.Add(`{{with $x := .data}}{{range $x.regions}}{{end}}{{end}}`)
	n := webhookbody.Samples()[0]
	body := webhookbody.New(&n)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := webhookbody.Compile(text)
		if err != nil {
			return
		}
		if b, err := c.Render(body); err != nil || len(b) > webhookbody.MaxOutputBytes {
			t.Errorf("a template that was accepted renders %d bytes, %v", len(b), err)
		}
	})
}
