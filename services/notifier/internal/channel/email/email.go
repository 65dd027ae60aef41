// Package email delivers alerts by SMTP: through the fleet's own mail server or one
// that a channel names. It writes the mail with a library and drives the conversation
// itself, so that one recipient whom the server refuses does not keep the mail from
// the others, and what the server answered is known.
package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
)

// Timeout of one mail from dial to answer, below the job's own so that the answer can
// be recorded.
const Timeout = 12 * time.Second

// maxAnswer is how much of an answer is kept, in bytes.
const maxAnswer = 1 << 10

// Config is what a sender needs. The zero values are: no fleet server, a guard that
// denies all private networks, the system's certificates, [Timeout].
type Config struct {
	Fleet   *channelspec.SMTP // the operator's server; dialled without the guard
	Guard   *egress.Guard     // for the servers that channels name
	TLS     *tls.Config       // the server's name is filled in
	Timeout time.Duration
}

// Sender sends mail.
type Sender struct{ cfg Config }

// New returns a sender.
func New(cfg Config) *Sender {
	if cfg.Timeout <= 0 {
		cfg.Timeout = Timeout
	}
	if cfg.TLS == nil {
		cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &Sender{cfg: cfg}
}

// Send sends the news once, to all recipients in one conversation. It succeeds if the
// server took the mail for at least one of them; the answer names the others. Its
// errors are of type [*attempt.Failure].
func (s *Sender) Send(ctx context.Context, c *channelspec.Config, n *alert.News) (*alert.Answer, error) {
	server, dialer := c.Email.SMTP, s.cfg.Guard.Dialer()
	if server == nil {
		if s.cfg.Fleet == nil {
			return nil, attempt.Fail(attempt.Refused, "%s", channelspec.SMTPNotConfigured)
		}
		server, dialer = s.cfg.Fleet, &net.Dialer{}
	}
	if c.Email.SMTP != nil {
		if err := s.cfg.Guard.CheckHost(server.Host); err != nil {
			return nil, classify(ctx, err, server.Pass)
		}
	}
	msg, err := compose(n, server.From, c.Email.To)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answer, err := s.converse(ctx, server, dialer, msg, c.Email.To)
	if err != nil {
		return nil, classify(ctx, err, server.Pass)
	}
	answer.Text = bounded(attempt.Redact(answer.Text, server.Pass))
	return answer, nil
}

// converse dials, authenticates and hands the mail over. The connection ends with ctx.
func (s *Sender) converse(ctx context.Context, server *channelspec.SMTP, dialer *net.Dialer, msg *mail.Msg, to []string) (*alert.Answer, error) {
	var conn net.Conn
	client, err := s.client(server, func(dialling context.Context, network, address string) (net.Conn, error) {
		c, err := dial(dialling, dialer, server, s.tls(server), network, address)
		if err == nil {
			conn = c
			context.AfterFunc(ctx, func() { _ = c.Close() })
		}
		return c, err
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if conn != nil {
			_ = conn.Close() // the mail is through, or is not: there is nothing to lose
		}
	}()
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	answer, err := transact(session, msg, server.From, to)
	if err == nil {
		_ = session.Quit() // the mail was taken; a failed farewell does not undo it
	}
	return answer, err
}

// transact runs one mail transaction (RFC 5321, section 3.3).
func transact(session *smtp.Client, msg *mail.Msg, from string, to []string) (*alert.Answer, error) {
	if err := session.Mail("<" + from + ">"); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	var refused []string
	var last error
	for _, rcpt := range to {
		if err := session.Rcpt("<" + rcpt + ">"); err != nil {
			var reply *textproto.Error
			if !errors.As(err, &reply) {
				return nil, err
			}
			refused = append(refused, fmt.Sprintf("%s: %v", rcpt, reply))
			// A recipient who may be taken later makes the whole mail worth a retry.
			if last == nil || reply.Code < 500 {
				last = err
			}
		}
	}
	if len(refused) == len(to) {
		return nil, fmt.Errorf("no recipient was taken: %s: %w", strings.Join(refused, "; "), last)
	}
	w, err := session.Data()
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if _, err := msg.WriteTo(w); err != nil {
		return nil, fmt.Errorf("write the mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("end of data: %w", err)
	}
	answer := &alert.Answer{Code: 250}
	if d, ok := w.(*smtp.DataCloser); ok {
		answer.Text = d.ServerResponse()
	}
	if len(refused) > 0 {
		answer.Text += "; refused: " + strings.Join(refused, "; ")
	}
	return answer, nil
}

func (s *Sender) tls(server *channelspec.SMTP) *tls.Config {
	cfg := s.cfg.TLS.Clone()
	cfg.ServerName = server.Host
	return cfg
}

// client describes the conversation up to the first mail.
func (s *Sender) client(server *channelspec.SMTP, dial mail.DialContextFunc) (*mail.Client, error) {
	opts := []mail.Option{
		mail.WithPort(server.Port), mail.WithTimeout(s.cfg.Timeout), mail.WithTLSConfig(s.tls(server)),
		mail.WithDialContextFunc(dial),
	}
	encrypted := true
	switch server.Security {
	case channelspec.SecurityTLS:
		opts = append(opts, mail.WithSSL())
	case channelspec.SecurityNone:
		encrypted = false
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	default:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if server.User != "" {
		methods := []mail.SMTPAuthType{
			mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5,
		}
		if !encrypted { // only the operator's own server gets here, see channelspec
			methods = []mail.SMTPAuthType{
				mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthCramMD5, mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc,
			}
		}
		opts = append(opts, mail.WithUsername(server.User), mail.WithPassword(server.Pass), mail.WithOpportunisticSMTPAuth(methods...))
	}
	client, err := mail.NewClient(server.Host, opts...)
	if err != nil {
		return nil, attempt.Fail(attempt.Refused, "mail server: %v", err)
	}
	return client, nil
}

// dial opens the connection, with TLS from the start where the server wants that.
func dial(ctx context.Context, dialer *net.Dialer, server *channelspec.SMTP, cfg *tls.Config, network, address string) (net.Conn, error) {
	if server.Security == channelspec.SecurityTLS {
		return (&tls.Dialer{NetDialer: dialer, Config: cfg}).DialContext(ctx, network, address)
	}
	return dialer.DialContext(ctx, network, address)
}

// classify turns whatever went wrong into a failure: a reply of 4yz is transient, 5yz
// refused (RFC 5321, section 4.2.1), anything else a matter of the connection.
func classify(ctx context.Context, err error, pass string) *attempt.Failure {
	var f *attempt.Failure
	if errors.As(err, &f) {
		return f
	}
	var blocked *egress.BlockedError
	if errors.As(err, &blocked) {
		return attempt.Fail(attempt.Refused, "%s; the operator may allow it by ALLOW_CIDRS", blocked)
	}
	text := bounded(attempt.Redact(err.Error(), pass))
	var netErr net.Error
	if ctx.Err() != nil || errors.As(err, &netErr) && netErr.Timeout() {
		text = "no answer in time: " + text
	}
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return attempt.Fail(attempt.Transient, "%s", text)
	}
	f = attempt.Fail(attempt.Transient, "%s", text)
	if reply.Code >= 500 {
		f.Class = attempt.Refused
	}
	f.Answer = &alert.Answer{Code: reply.Code, Text: bounded(attempt.Redact(reply.Msg, pass))}
	return f
}

func bounded(s string) string {
	if len(s) > maxAnswer {
		s = s[:maxAnswer]
	}
	return s
}
