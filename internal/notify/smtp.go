package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
)

// SMTP is the server that sends e-mail.
type SMTP struct {
	// Address is HOST:PORT.
	Address string
	// From is the sender's address.
	From string
	// TLS is starttls, which the server must offer, tls from the beginning, or none.
	TLS string
	// User and PasswordFile authenticate, by PLAIN; "" for none. The file is read for each mail, so that a password can be changed.
	User, PasswordFile string
}

// check checks what an option says.
func (m *SMTP) check() error {
	host, _, err := net.SplitHostPort(m.Address)
	switch {
	case err != nil || host == "":
		return fmt.Errorf("the SMTP server is HOST:PORT, not %q", m.Address)
	case m.TLS != "starttls" && m.TLS != "tls" && m.TLS != "none":
		return fmt.Errorf("TLS of the SMTP server is starttls, tls or none, not %q", m.TLS)
	case (m.User == "") != (m.PasswordFile == ""):
		return errors.New("the SMTP server needs both a user and a file with its password, or neither")
	case m.User != "" && m.TLS == "none":
		return errors.New("a password is sent to the SMTP server with starttls or tls only")
	}
	if a, err := mail.ParseAddress(m.From); err != nil || a.Name != "" || a.Address != m.From {
		return fmt.Errorf("the sender of e-mails is an address, not %q", m.From)
	}
	_, err = m.password()
	return err
}

func (m *SMTP) domain() string { return m.From[strings.LastIndexByte(m.From, '@')+1:] }

func (m *SMTP) password() (string, error) {
	if m.PasswordFile == "" {
		return "", nil
	}
	raw, err := os.ReadFile(m.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("cannot read the password of the SMTP server: %w", err)
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}

// send sends one mail. The server is the operator's choice, so that the guard does not look at it.
func (m *SMTP) send(ctx context.Context, trust *tls.Config, to string, body []byte) *failure {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	c, err := m.connect(ctx, trust)
	if err != nil {
		return &failure{reason: "the SMTP server " + m.Address + ": " + unreachable(err)}
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // what waits for the server ends then
	defer stop()
	err = c.Mail(m.From)
	if err != nil {
		return &failure{reason: "the SMTP server refuses the sender: " + shown(err.Error())}
	}
	if err := c.Rcpt(to); err != nil {
		return &failure{reason: "the SMTP server refuses the receiver: " + shown(err.Error()), permanent: forever(err)}
	}
	w, err := c.Data()
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return &failure{reason: "the SMTP server refuses the mail: " + unreachable(err), permanent: forever(err)}
	}
	_ = c.Quit() // it has the mail
	return nil
}

// forever says whether an answer is of those that stay.
func forever(err error) bool {
	p := new(textproto.Error)
	return errors.As(err, &p) && p.Code >= 500
}

// connect connects, with TLS and who we are.
func (m *SMTP) connect(ctx context.Context, trust *tls.Config) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(m.Address)
	if err != nil {
		return nil, err
	}
	trust = trust.Clone()
	trust.ServerName = host
	var conn net.Conn
	if m.TLS == "tls" {
		conn, err = (&tls.Dialer{Config: trust}).DialContext(ctx, "tcp", m.Address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", m.Address)
	}
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if err := m.introduce(c, host, trust); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func (m *SMTP) introduce(c *smtp.Client, host string, trust *tls.Config) error {
	if err := c.Hello(m.domain()); err != nil {
		return err
	}
	if m.TLS == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return errors.New("it does not offer STARTTLS")
		}
		if err := c.StartTLS(trust); err != nil {
			return err
		}
	}
	if m.User == "" {
		return nil
	}
	password, err := m.password()
	if err != nil {
		return err
	}
	return c.Auth(smtp.PlainAuth("", m.User, password, host))
}
