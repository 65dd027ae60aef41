package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/alert/webhookbody"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/channel/webhook"
	"github.com/probefleet/probefleet/services/notifier/internal/post"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func sender() *webhook.Sender {
	guard := egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	return webhook.New(post.New(guard, "probefleet/test", 2*time.Second), time.Now)
}

func config(w channelspec.Webhook) *channelspec.Config {
	return &channelspec.Config{Kind: channelspec.KindWebhook, Webhook: &w}
}

// received is what an endpoint got.
type received struct {
	header http.Header
	body   []byte
}

func endpoint(t *testing.T, answer http.HandlerFunc) (url string, got chan received) {
	t.Helper()
	got = make(chan received, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- received{r.Header, b}
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func TestAReceiverOfTheStandardVerifiesIt(t *testing.T) {
	t.Parallel()
	url, got := endpoint(t, nil)
	n := webhookbody.Samples()[0]
	for range 2 {
		if _, err := sender().Send(context.Background(), config(channelspec.Webhook{URL: url, Secret: secret}), &n); err != nil {
			t.Fatal(err)
		}
	}
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := <-got
		if err := verifier.Verify(r.body, r.header); err != nil {
			t.Errorf("verify: %v", err)
		}
		if r.header.Get("webhook-id") != n.Key || r.header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", r.header)
		}
		var body webhookbody.Body
		if err := json.Unmarshal(r.body, &body); err != nil || body.Type != "alert.down" || body.Data.Key != n.Key {
			t.Errorf("body %s, %v", r.body, err)
		}
		r.body[10] ^= 1
		if verifier.Verify(r.body, r.header) == nil {
			t.Error("a changed body verifies")
		}
	}
}

// The example of the specification.
func TestSign(t *testing.T) {
	t.Parallel()
	key, err := channelspec.SigningKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	got := webhook.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWithoutSecretThereIsNoSignature(t *testing.T) {
	t.Parallel()
	url, got := endpoint(t, nil)
	n := webhookbody.Samples()[0]
	if _, err := sender().Send(context.Background(), config(channelspec.Webhook{URL: url}), &n); err != nil {
		t.Fatal(err)
	}
	if r := <-got; r.header.Get("webhook-signature") != "" || r.header.Get("webhook-id") == "" || r.header.Get("webhook-timestamp") == "" {
		t.Errorf("headers %v", r.header)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	url, got := endpoint(t, nil)
	n := webhookbody.Samples()[0]
	for _, tt := range []struct{ template, body, contentType string }{
		{`{"content": {{json .data.title}}}`, `{"content": "DOWN shop.example.com — connect timeout from 2 of 3 regions"}`, "application/json"},
		{`{{.data.event}}: {{.data.website.name}}`, `down: shop.example.com`, "text/plain; charset=utf-8"},
	} {
		if _, err := sender().Send(context.Background(), config(channelspec.Webhook{URL: url, Template: tt.template}), &n); err != nil {
			t.Fatal(err)
		}
		if r := <-got; string(r.body) != tt.body || r.header.Get("Content-Type") != tt.contentType {
			t.Errorf("%s: %s as %s", tt.template, r.body, r.header.Get("Content-Type"))
		}
	}
	_, err := sender().Send(context.Background(), config(channelspec.Webhook{URL: url, Template: "{{.nope}}"}), &n)
	var f *attempt.Failure
	if !errors.As(err, &f) || f.Class != attempt.Refused {
		t.Errorf("a broken template: %v", err)
	}
}

func TestAnswersAreKeptInPartAndTellNoSecret(t *testing.T) {
	t.Parallel()
	url, _ := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, r.URL.String()+strings.Repeat("x", 1<<20))
	})
	n := webhookbody.Samples()[0]
	_, err := sender().Send(context.Background(), config(channelspec.Webhook{URL: url + "/in?token=s3cr3t-value", Secret: secret}), &n)
	var f *attempt.Failure
	if !errors.As(err, &f) || f.Answer == nil || f.Answer.Code != 400 || f.Class != attempt.Refused {
		t.Fatalf("%+v", err)
	}
	if len(f.Answer.Text) > 1<<10 || strings.Contains(f.Answer.Text+f.Text, "s3cr3t") {
		t.Errorf("answer of %d bytes: %.100s", len(f.Answer.Text), f.Answer.Text)
	}
}

func TestAnEndpointThatHangsIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url, _ := endpoint(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	n := webhookbody.Samples()[0]
	_, err := sender().Send(ctx, config(channelspec.Webhook{URL: url}), &n)
	if f := attempt.Of(err); f.Class != attempt.Transient || f.Text != "no answer in time" {
		t.Errorf("%+v", f)
	}
}
