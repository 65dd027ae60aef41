package bench

import (
	"net/http"
	"net/smtp"
	"strconv"
	"strings"
	"testing"
)

func TestSinksCountWhatComes(t *testing.T) {
	t.Parallel()
	s, err := openSinks()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	for body, want := range map[string]int{
		`{"type":"alert.down","data":{"website":{"url":"http://127.0.1.5:1/m/4"}}}`: http.StatusOK,
		`not JSON`: http.StatusBadRequest,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/hook", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s", body, resp.Status)
		}
	}
	mail := "Subject: down\r\n\r\nit is\r\n"
	if err := smtp.SendMail("127.0.0.1:"+strconv.Itoa(s.port), nil, "fleet@example.com", []string{"ops@example.com"}, []byte(mail)); err != nil {
		t.Fatal(err)
	}
	hooks, mails := s.told()
	if len(hooks) != 1 || hooks[0].kind != "alert.down" || hooks[0].site != 4 || len(mails) != 1 || mails[0].digest != 0 {
		t.Errorf("counted %+v and %d mails", hooks, len(mails))
	}
}

func TestMailsAreSingleOrDigests(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]int{
		"DOWN shop — connect timeout from 3 of 3 regions":        0,
		"DOWN 9999 websites — connect timeout from eu-west":      9999,
		"DOWN 41 websites on 203.0.113.7":                        41,
		"=?UTF-8?q?DOWN_41_websites_=E2=80=94_connect_timeout?=": 41,
	} {
		if got := digestOf([]byte("From: a@b.c\r\nSubject: " + subject + "\r\n\r\nit is\r\n")); got != want {
			t.Errorf("%q: %d, want %d", subject, got, want)
		}
	}
	if got := digestOf([]byte("no mail")); got != 0 {
		t.Errorf("no mail at all: %d", got)
	}
}
