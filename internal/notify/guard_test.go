package notify

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGuard tells addresses apart.
func TestGuard(t *testing.T) {
	g, err := newGuard([]string{"10.1.0.0/16", "fd00:1::7", "gateway.internal"})
	if err != nil {
		t.Fatal(err)
	}
	for text, open := range map[string]bool{
		"8.8.8.8": true, "2001:4860:4860::8888": true, "1.1.1.1": true, "172.32.0.1": true, "11.0.0.1": true,
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false,
		"10.0.0.1": false, "10.1.2.3": true, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "100.64.0.1": false,
		"169.254.169.254": false, "169.254.170.2": false, "fd00:ec2::254": false, "fd00:1::7": true, "fd00:1::8": false, "fe80::1": false, "fe80::1%eth0": false,
		"224.0.0.1": false, "ff02::1": false, "255.255.255.255": false, "240.0.0.1": false, "198.18.0.1": false, "192.0.0.192": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:8.8.8.8": true, "::ffff:10.1.2.3": true, "::127.0.0.1": false,
		"64:ff9b::169.254.169.254": false, "64:ff9b::8.8.8.8": true, "2002:a9fe:a9fe::1": false, "2002:808:808::1": true, "2001:0:1::1": false, "2001:db8::1": false,
	} {
		if err := g.check(netip.MustParseAddr(text)); (err == nil) != open {
			t.Errorf("%s: %v", text, err)
		}
	}
	if !g.allowsHost("Gateway.internal.") || g.allowsHost("x.gateway.internal") {
		t.Error("hosts are told apart wrongly")
	}
	for _, text := range []string{"10.0.0.0/33", "http://x", "", "*.example"} {
		if _, err := newGuard([]string{text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// TestGuardAtDial refuses what a name means at the time of the delivery, whatever it is called.
func TestGuardAtDial(t *testing.T) {
	e := newEndpoint(t, nil)
	port := e.URL[strings.LastIndexByte(e.URL, ':'):]
	const reason = "is of this machine, a private network, or reserved; --notify-allow lets it through"
	s := open(t, func(o *Options) { o.Allow = nil })
	topic := s.ops()
	s.subscribe(topic, "webhook", "http://localhost"+port+"/", nil)
	s.publish(Message{TopicARN: topic, Default: "m"})
	s.deliver()
	s.exhaust(ownPolicy)
	if dead := s.dead(); len(dead) != 1 || dead[0].Attempts != 51 || !strings.HasSuffix(dead[0].Reason, reason) {
		t.Errorf("%+v", dead)
	}
	if all := e.all(); len(all) != 0 {
		t.Errorf("it got %v", all)
	}
	s = open(t, func(o *Options) { o.Allow = []string{"localhost"} })
	topic = s.ops()
	s.subscribe(topic, "webhook", "http://localhost"+port+"/", nil)
	s.publish(Message{TopicARN: topic, Default: "m"})
	if s.deliver(); len(e.all()) != 1 {
		t.Errorf("a host that is allowed got nothing; dead %v", s.dead())
	}
}

// TestEndpoints refuses endpoints when they are subscribed.
func TestEndpoints(t *testing.T) {
	s := open(t, func(o *Options) { o.Allow = nil })
	topic := s.ops()
	for _, tt := range []struct{ protocol, endpoint, want string }{
		{"http", "http://169.254.169.254/latest/meta-data/", "Endpoint Reason: the address 169.254.169.254 is of this machine, a private network, or reserved; --notify-allow lets it through"},
		{"http", "http://[::ffff:169.254.169.254]/", "Endpoint Reason: the address 169.254.169.254 is"},
		{"https", "https://[fe80::1%25eth0]/", "Endpoint Reason: the address fe80::1 is"},
		{"https", "http://example.com/", "Endpoint must match the specified protocol"},
		{"http", "https://example.com/", "Endpoint must match the specified protocol"},
		{"http", "http:///x", "Endpoint Reason: it is no URL of an HTTP endpoint"},
		{"http", "http://example.com/#x", "Endpoint Reason: it is no URL"},
		{"http", "http://example.com/\r\nX: y", "Endpoint Reason: it is no URL"},
		{"slack", "ftp://example.com/", "Endpoint Reason: it begins with https:// or http://"},
		{"webhook", "http://" + strings.Repeat("a", 2048), "Endpoint Reason: it is no URL"},
		{"command", "rm", `Endpoint Reason: no command is named "rm"`},
		{"sns", "arn:aws:sns:eu-west-1:123456789012:x", "Endpoint Reason: the server has no credentials for AWS"},
		{"sqs", "arn:aws:sqs:us-east-1:123456789012:q", "Protocol Reason: this server does not deliver to sqs; it does to command, email, email-json, http, https, slack, sns, teams, webhook"},
		{"pigeon", "x", "Amazon SNS does not support this protocol string: pigeon"},
	} {
		_, err := s.Subscribe(t.Context(), SubscribeRequest{TopicARN: topic, Protocol: tt.protocol, Endpoint: tt.endpoint})
		wantError(t, err, "InvalidParameter: Invalid parameter: "+tt.want)
	}
	s = open(t, func(o *Options) { o.URL = "" })
	_, err := s.Subscribe(t.Context(), SubscribeRequest{TopicARN: s.ops(), Protocol: "https", Endpoint: "https://example.com/"})
	wantError(t, err, "InvalidParameter: Invalid parameter: Protocol Reason: the server does not know the URL at which an endpoint could confirm")
}

// TestTLS delivers over TLS with an authority of one's own, and says what is wrong without.
func TestTLS(t *testing.T) {
	m := newMailServer(t, false) // for its certificate alone
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	web.StartTLS()
	defer web.Close()
	for _, ca := range []string{"", m.ca} {
		s := open(t, func(o *Options) { o.CAFile = ca })
		topic := s.ops()
		s.subscribe(topic, "webhook", web.URL, nil)
		s.publish(Message{TopicARN: topic, Default: "m"})
		next := s.deliver()
		if ca != "" && next != 0 {
			t.Error("it is not delivered")
		}
		var reason string
		err := s.db.QueryRowContext(t.Context(), "SELECT coalesce(max(reason), '') FROM deliveries").Scan(&reason)
		if err != nil || (ca == "") != strings.HasPrefix(reason, "the certificate of the endpoint is not accepted: x509: ") || ca == "" && !strings.HasSuffix(reason, "(--notify-ca trusts another authority)") {
			t.Errorf("%q %v", reason, err)
		}
	}
}

// TestOptions refuses options.
func TestOptions(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*Options){
		func(o *Options) { o.URL = "weir.example" }, func(o *Options) { o.URL = "https://weir.example/x" }, func(o *Options) { o.Allow = []string{"10.0.0.0/99"} },
		func(o *Options) { o.CAFile = "/no/such/file" }, func(o *Options) { o.CAFile = "guard_test.go" }, func(o *Options) { o.SMTP = &SMTP{} },
		func(o *Options) { o.Commands = map[string]string{"x": "ls"} }, func(o *Options) { o.Commands = map[string]string{"x": "/no/such/file"} },
		func(o *Options) { o.Commands = map[string]string{"x": plain} },
	} {
		o := Options{Account: testAccount, Region: testRegion}
		change(&o)
		if s, err := Open(t.Context(), t.TempDir(), o); err == nil {
			_ = s.Close()
			t.Errorf("%+v is taken", o)
		}
	}
}
