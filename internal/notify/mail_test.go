package notify

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer is an SMTP server that keeps what it gets. It offers STARTTLS, or speaks TLS from the beginning, and wants a user.
type mailServer struct {
	address, ca string
	mu          sync.Mutex
	got         []mailGot
	refuse      map[string]*smtp.SMTPError // receivers
}

type mailGot struct {
	from, to string
	message  *mail.Message
	text     string
}

func newMailServer(t *testing.T, implicit bool) *mailServer {
	t.Helper()
	// A certificate of 127.0.0.1 that another package of the standard library made.
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	m := &mailServer{ca: filepath.Join(t.TempDir(), "ca.pem"), refuse: map[string]*smtp.SMTPError{}}
	if err := os.WriteFile(m.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(m)
	server.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	server.Domain, server.ErrorLog = "mail.example", silent{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.address = l.Addr().String()
	if implicit {
		l = tls.NewListener(l, server.TLSConfig)
	}
	go func() { _ = server.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// NewSession begins a connection.
func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return &mailSession{m: m}, nil }

type mailSession struct {
	m     *mailServer
	known bool
	got   mailGot
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "weir" || password != "p w" {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	s.got.from = from
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.got.to = to
	if e := s.m.refuse[to]; e != nil {
		return e
	}
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if err != nil {
		return err
	}
	s.got.message, s.got.text = message, strings.ReplaceAll(string(text), "\r\n", "\n")
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.got = append(s.m.got, s.got)
	return nil
}

func (s *mailSession) Reset()        { s.got = mailGot{} }
func (s *mailSession) Logout() error { return nil }

func (m *mailServer) all() []mailGot {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.got
	m.got = nil
	return out
}

// openMail opens a store that sends through a server.
func openMail(t *testing.T, m *mailServer, how string) *testStore {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("p w\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, func(o *Options) {
		o.SMTP = &SMTP{Address: m.address, From: "alarms@weir.example", TLS: how, User: "weir", PasswordFile: password}
		o.CAFile = m.ca
	})
}

// TestMail confirms and sends over STARTTLS and over TLS.
func TestMail(t *testing.T) {
	for _, how := range []string{"starttls", "tls"} {
		t.Run(how, func(t *testing.T) {
			m := newMailServer(t, how == "tls")
			s := openMail(t, m, how)
			topic, err := s.CreateTopic(t.Context(), "ops", map[string]string{"DisplayName": "Ops, né \"<x@y>\""}, nil)
			if err != nil {
				t.Fatal(err)
			}
			sub := s.subscribe(topic, "email", "ann@example.com", nil)
			s.subscribe(topic, "email-json", "log@example.com", nil)
			s.deliver()
			for _, g := range m.all() {
				if g.to == "ann@example.com" && !strings.HasPrefix(g.text, "You have chosen to subscribe to the topic:\n"+topic+"\n\n") || g.message.Header.Get("Subject") == "" {
					t.Errorf("%q", g.text)
				}
				_, link, ok := strings.Cut(g.text, testURL)
				if !ok {
					t.Fatalf("no link in %q", g.text)
				}
				if g.to == "log@example.com" {
					var d map[string]any
					if err := json.Unmarshal([]byte(g.text), &d); err != nil {
						t.Fatal(err)
					}
					verify(t, s, d)
					link = strings.TrimPrefix(d["SubscribeURL"].(string), testURL)
				}
				link, _, _ = strings.Cut(link, "\n")
				if w := s.follow(testURL + link); w.Code != 200 {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
			}
			text := "line one\n.\n.two = three\n" + strings.Repeat("long ", 100) + "é\n"
			subject := "ALARM: \"ssh\" für " + strings.Repeat("ü", 80)
			id := s.publish(Message{TopicARN: topic, Subject: subject, Default: text})
			s.deliver()
			all := m.all()
			if len(all) != 2 {
				t.Fatalf("%d mails; dead %v", len(all), s.dead())
			}
			for _, g := range all {
				h := g.message.Header
				from, err := mail.ParseAddress(h.Get("From"))
				if err != nil || from.Name != "Ops, né \"<x@y>\"" || from.Address != "alarms@weir.example" || g.from != from.Address {
					t.Errorf("from %v, %v", from, err)
				}
				decoded, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
				if err != nil || decoded != subject {
					t.Errorf("subject %q, %v", decoded, err)
				}
				if date, err := h.Date(); err != nil || !date.Equal(s.clock.Now()) {
					t.Errorf("date %v, %v", date, err)
				}
				if g.to == "log@example.com" {
					var d map[string]any
					if err := json.Unmarshal([]byte(g.text), &d); err != nil {
						t.Fatal(err)
					}
					verify(t, s, d)
					continue
				}
				want := text + "\n\n--\nIf you wish to stop receiving notifications from this topic, visit the link below to unsubscribe:\n" + testURL + "/?Action=Unsubscribe&SubscriptionArn=" + sub.ARN + "\n"
				if g.text != want {
					t.Errorf("%q\nwant %q", g.text, want)
				}
				if h.Get("Message-ID") != "<"+id+"."+sub.ARN[len(topic)+1:]+"@weir.example>" || h.Get("Auto-Submitted") != "auto-generated" || h.Get("List-Unsubscribe") == "" {
					t.Errorf("%v", h)
				}
			}
		})
	}
}

// TestMailFails tells what can go wrong, and what of it is tried again.
func TestMailFails(t *testing.T) {
	m := newMailServer(t, false)
	s := openMail(t, m, "starttls")
	topic := s.ops()
	for _, to := range []string{"gone@example.com", "full@example.com"} {
		sub := s.subscribe(topic, "email", to, nil)
		if _, err := s.ConfirmSubscription(t.Context(), topic, s.token(subscriptionConfirmation, sub.ARN), true, false); err != nil {
			t.Fatal(err)
		}
	}
	s.deliver()
	m.all()
	m.refuse["gone@example.com"] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	m.refuse["full@example.com"] = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "full"}
	s.publish(Message{TopicARN: topic, Default: "m"})
	next := s.deliver()
	if dead := s.dead(); len(dead) != 1 || dead[0].Endpoint != "gone@example.com" || !strings.Contains(dead[0].Reason, `refuses the receiver: 550 "5.1.1 no such user"`) {
		t.Errorf("%+v", dead)
	}
	if next != s.clock.Now().Add(10*time.Second).UnixMilli() {
		t.Errorf("the next is at %d", next)
	}
	if err := os.WriteFile(s.o.SMTP.PasswordFile, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(10 * time.Second)
	s.deliver()
	reason := ""
	if err := s.db.QueryRowContext(t.Context(), "SELECT reason FROM deliveries WHERE dead = 0").Scan(&reason); err != nil || !strings.Contains(reason, "Authentication failed") {
		t.Errorf("%q %v", reason, err)
	}
	s.o.CAFile = ""
	s.reopen()
	s.clock.Advance(10 * time.Second)
	s.deliver()
	if err := s.db.QueryRowContext(t.Context(), "SELECT reason FROM deliveries WHERE dead = 0").Scan(&reason); err != nil || !strings.Contains(reason, "certificate") {
		t.Errorf("%q %v", reason, err)
	}
}

// TestMailOptions refuses options and addresses.
func TestMailOptions(t *testing.T) {
	for _, o := range []SMTP{
		{Address: "mail", From: "a@b.c", TLS: "tls"},
		{Address: "mail:25", From: "a@b.c"},
		{Address: "mail:25", From: "A <a@b.c>", TLS: "tls"},
		{Address: "mail:25", From: "a@b.c", TLS: "tls", User: "u"},
		{Address: "mail:25", From: "a@b.c", TLS: "none", User: "u", PasswordFile: "x"},
		{Address: "mail:25", From: "a@b.c", TLS: "tls", User: "u", PasswordFile: "/no/such/file"},
	} {
		if err := o.check(); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	s := open(t, func(o *Options) { o.SMTP = &SMTP{Address: "mail:25", From: "a@b.c", TLS: "none"} })
	topic := s.ops()
	for _, to := range []string{"", "a", "A <a@b.c>", "a@b.c\r\nBcc: x@y.z", "a@b.c, d@e.f", "é@b.c", strings.Repeat("a", 251) + "@b.c"} {
		_, err := s.Subscribe(t.Context(), SubscribeRequest{TopicARN: topic, Protocol: "email", Endpoint: to})
		wantError(t, err, "InvalidParameter: Invalid parameter: Email address")
	}
	s = open(t, nil)
	_, err := s.Subscribe(t.Context(), SubscribeRequest{TopicARN: s.ops(), Protocol: "email", Endpoint: "a@b.c"})
	wantError(t, err, "InvalidParameter: Invalid parameter: Endpoint Reason: the server sends no e-mail")
}

// FuzzEncodedHeader makes headers of any text: none begins another header, and a reader reads the text again.
func FuzzEncodedHeader(f *testing.F) {
	for _, text := range []string{"plain", "a\r\nBcc: x@y.z", "ünïcode =?utf-8?q?x?=", strings.Repeat("é", 200), ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := encodedHeader(text)
		for _, line := range strings.Split(got, "\r\n")[1:] {
			if !strings.HasPrefix(line, " ") {
				t.Fatalf("%q begins another header", got)
			}
		}
		if strings.ContainsAny(strings.ReplaceAll(got, "\r\n ", ""), "\r\n\x00") {
			t.Fatalf("%q has a line break", got)
		}
		m, err := mail.ReadMessage(strings.NewReader("Subject: " + got + "\r\n\r\n"))
		if err != nil || len(m.Header) > 1 {
			t.Fatalf("%v in %q", err, got)
		}
	})
}
