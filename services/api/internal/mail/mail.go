// Package mail sends mails, either through an SMTP server or, for development, into a folder.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Message is a mail.
type Message struct {
	To, Subject, Text string
}

// Sender sends mails.
type Sender interface {
	// Send returns once the mail was handed over for delivery.
	Send(ctx context.Context, message Message) error
}

// render formats the mail according to RFC 5322. Everything but the address is our own text; the address must not contain a line break.
func render(from string, m Message, now time.Time) ([]byte, error) {
	if strings.ContainsAny(m.To+m.Subject, "\r\n") {
		return nil, fmt.Errorf("mail: a header contains a line break")
	}
	return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		from, m.To, m.Subject, now.Format(time.RFC1123Z), strings.ReplaceAll(m.Text, "\n", "\r\n")), nil
}

// Folder writes mails to files and delivers none, for development.
type Folder struct {
	Dir, From string
	Now       func() time.Time
}

// Send implements Sender.
func (f Folder) Send(_ context.Context, m Message) error {
	text, err := render(f.From, m, f.Now())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	id, err := uuid.NewV7() // Version 7, so that names sort by time.
	if err != nil {
		return err
	}
	temporary := filepath.Join(f.Dir, id.String())
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, temporary+".eml") // A reader never sees a partial file.
}

// SMTP sends mails through a server. It uses TLS if the server offers STARTTLS, and never sends a password without it.
type SMTP struct {
	Address, User, Password, From string
	Now                           func() time.Time
}

// Send implements Sender.
func (s SMTP) Send(ctx context.Context, m Message) error {
	text, err := render(s.From, m, s.Now())
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	return withoutAddress(s.deliver(client, host, m.To, text))
}

// withoutAddress reduces a server's refusal to its code: the server's text names the recipient, who must not appear in our logs.
func withoutAddress(err error) error {
	if refused, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("mail: the server refused with code %d; its own log says why", refused.Code)
	}
	return err
}

// deliver hands a mail over to the server.
func (s SMTP) deliver(client *smtp.Client, host, to string, text []byte) error {
	if ok, _ := client.Extension("STARTTLS"); ok {
		if err := client.StartTLS(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if s.User != "" {
		if err := client.Auth(smtp.PlainAuth("", s.User, s.Password, host)); err != nil {
			return err
		}
	}
	if err := errors.Join(client.Mail(s.From), client.Rcpt(to)); err != nil {
		return err
	}
	body, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := body.Write(text); err != nil {
		return err
	}
	return errors.Join(body.Close(), client.Quit())
}
