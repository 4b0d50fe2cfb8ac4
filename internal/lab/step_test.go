package lab

import (
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRefusedSteps(t *testing.T) {
	for _, tc := range []struct{ traffic, want string }{
		{"{from: a, to: b, tcp: 80, times: 20, source-port: 1024, then: answer}", ""},
		{"{from: a, to: b, udp: 53, source-port: 1024, then: refused}", ""},
		{"{from: a, to: b, tcp: 80, keep: x, then: answer}, {on: x, then: nothing}", ""},
		{"{stop: a, tcp: 80}, {stop: a, udp: 53, silent: true}, {start: a, tcp: 80}", ""},
		{"{change: {what: it, network: {vpcs: {vpc-1: null}}}}", ""},
		{"{from: a, to: b, tcp: 80, udp: 80, then: answer}", "a step is one of"},
		{"{from: a, to: b, tcp: 80, ping: true, then: answer}", "a step is one of"},
		{"{on: x, stop: a, tcp: 80}", "a step is one of"},
		{"{stop: a}", "it takes tcp or udp"},
		{"{start: a, tcp: 80, silent: true}", "silent is of stop"},
		{"{stop: a, tcp: 80, then: answer}", "it takes no then"},
		{"{stop: a, tcp: 80, from: b}", "from, to, ipv6 and address are of what is sent"},
		{"{from: a, to: b, udp: 80, keep: x, then: answer}", "keep is of one tcp connection that is answered"},
		{"{from: a, to: b, tcp: 80, keep: x, then: nothing}", "keep is of one tcp connection that is answered"},
		{"{from: a, to: b, tcp: 80, keep: x, times: 2, then: answer}", "keep is of one tcp connection that is answered"},
		{"{from: a, to: b, tcp: 80, keep: x, then: answer}, {from: a, to: b, tcp: 80, keep: x, then: answer}", "there is one of that name"},
		{"{on: x, then: answer}", "no step before it keeps one of that name"},
		{"{on: x}", `then is ""`},
		{"{from: a, to: b, ping: true, times: 2, then: answer}", "times is of what has ports"},
		{"{from: a, to: b, ping: true, source-port: 2, then: answer}", "source-port is of what has ports"},
		{"{from: a, to: b, tcp: 80, times: 1001, then: answer}", "times is at most 1000"},
		{"{from: a, to: b, tcp: 80, times: 11, source-port: 65526, then: answer}", "times is at most 1000"},
		{"{from: a, to: b, tcp: 80, times: -1, then: answer}", "times is at most 1000"},
		{"{from: a, to: b, http: 80, times: 3, source-port: 1024, ipv6: true, then: '200'}", ""},
		{"{from: a, to: b, tcp: 80, redis: 6379, then: answer}", "a step is one of"},
		{"{stop: a, redis: 6379}", "it takes tcp or udp"},
		{"{stop: a, tcp: 80, redis: 6379}", "a step is one of"},
		{"{stop: a, tcp: 80, ipv6: true}", "from, to, ipv6 and address are of what is sent"},
		{"{change: {what: it}}", "a change takes what, and one of network, lab, agent"},
		{"{change: {network: {a: b}}}", "a change takes what, and one of network, lab, agent"},
		{"{change: {what: it, networks: {a: b}}}", "no key networks; there are what, network, lab, agent"},
	} {
		_, err := ParseScenario("s", []byte("shows: x\nquestion: q\nanswer: [[a]]\ntraffic: ["+tc.traffic+"]\n"))
		if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %s", tc.traffic, err, tc.want)
		}
	}
}

func TestRefusedFlowLogs(t *testing.T) {
	for _, tc := range []struct{ rest, want string }{
		{"flow-logs: {fl-1: {resource: vpc-1, traffic: REJECT}}\nwindows: 3", ""},
		{"flow-logs: {fl-lab: {resource: vpc-1}}", `"fl-lab" is no id of a flow log of its own`},
		{"flow-logs: {mine: {resource: vpc-1}}", `"mine" is no id`},
		{"flow-logs: {fl-1: {}}", "fl-1: no resource"},
		{"flow-logs: {fl-1: {resource: vpc-1, traffic: SOME}}", `traffic is "SOME"`},
		{"flow-logs: {fl-labgroup: {resource: vpc-1}}", `"fl-labgroup" is no id`},
		{"flow-logs: {fl-1: {resource: vpc-1}}\nask: [{insights: q}]", "question 2: of flow logs of its own it asks in sql"},
		{"windows: 4", "windows is from 0 to 3"},
	} {
		_, err := ParseScenario("s", []byte("shows: x\nquestion: q\nanswer: [[a]]\ntraffic: [{from: a, to: b, tcp: 80, then: answer}]\n"+tc.rest+"\n"))
		if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %s", tc.rest, err, tc.want)
		}
	}
	own := map[string]OwnFlowLog{"fl-1": {Resource: "vpc-1"}}
	if _, err := ownLogs(&state{}, []Scenario{{Name: "a", FlowLogs: own}, {Name: "b", FlowLogs: own}}); !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), "fl-1 is of a and b") {
		t.Error(err)
	}
}

// TestServicesTold has services stop and start while others answer: TCP by a line and again by one to a line, and UDP.
func TestServicesTold(t *testing.T) {
	tcp, udp := netip.MustParseAddrPort("127.0.78.1:7001"), netip.MustParseAddrPort("127.0.78.1:7001")
	services := []service{{Name: "host", At: udp, UDP: true}, {Name: "host", At: tcp}}
	socket := filepath.Join(t.TempDir(), "s")
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- serve(ctx, services, socket) }()
	ask(t, tcp)
	e := ends{from: netip.MustParseAddr("127.0.78.2"), to: tcp.Addr(), patience: mostPatience}
	c, became, err := open(ctx, e, spoken{"line", tcp.Port(), talkLine})
	if err != nil || became != Answered {
		t.Fatal(became, err)
	}
	t.Cleanup(func() { _ = c.Close() })
	look := func(when, want string) {
		t.Helper()
		one, err := connect(ctx, e, tcp.Port())
		if err != nil {
			t.Fatal(err)
		}
		two, err := datagram(ctx, e, udp.Port())
		if err != nil {
			t.Fatal(err)
		}
		three, err := again(c, Answered)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join([]string{one, two, three}, " "); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	look("at first", "answer answer answer")
	for _, step := range []struct {
		path string
		of   int
		want string
	}{
		{"/stop", 1, "refused answer answer"},
		{"/stop", 1, "refused answer answer"},
		{"/stop", 0, "refused refused answer"},
		{"/start", 1, "answer refused answer"},
		{"/start", 0, "answer answer answer"},
		{"/start", 0, "answer answer answer"},
	} {
		if err := tellAt(ctx, socket, "POST", step.path, services[step.of]); err != nil {
			t.Fatal(err)
		}
		look(step.path, step.want)
	}
	site := service{Name: "web", At: netip.MustParseAddrPort("127.0.78.1:7002"), Web: web{Name: "web"}}
	if err := tellAt(ctx, socket, "POST", "/start", site); err != nil {
		t.Fatal(err)
	}
	if became, err := converse(ctx, e, spoken{"http", site.At.Port(), talkHTTP}); err != nil || became != "200" {
		t.Errorf("a web server: %s %v", became, err)
	}
	taken := service{Name: "other", At: tcp, Netns: ""}
	if err := tellAt(ctx, socket, "POST", "/start", taken); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a port that is taken: %v", err)
	}
	if err := c.SetLinger(0); err != nil {
		t.Error(err)
	}
}

// TestAgainRefused has the other side of a connection be reset, closed, and silent.
func TestAgainRefused(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, how := range []string{"reset", "closed", "silent"} {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		want := Refused
		switch how {
		case "reset":
			err = errors.Join(far.(*net.TCPConn).SetLinger(0), far.Close())
		case "closed":
			err = far.Close()
		default:
			want = Nothing
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again(c.(*net.TCPConn), Nothing); err != nil || got != want {
			t.Errorf("%s: %s %v", how, got, err)
		}
		_, _ = c.Close(), far.Close()
	}
}

// TestSteps has steps as people read them.
func TestSteps(t *testing.T) {
	s, err := ParseScenario("s", []byte(`shows: x
question: q
answer: [[a]]
traffic:
  - {from: a, to: b, udp: 53, times: 3, source-port: 1024, then: answer}
  - {from: a, to: b, tcp: 80, keep: x, then: answer}
  - {from: a, to: b, ping: true, ipv6: true, then: answer}
  - {from: a, to: b, tcp: 80, address: 10.1.1.11, then: answer}
  - {from: a, to: b, http: 80, times: 2, then: "200"}
  - {on: x, then: nothing}
  - {stop: a, tcp: 80, silent: true}
  - {start: a, tcp: 80}
  - {change: {what: a rule is taken away, network: {a: b}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range s.Traffic {
		got = append(got, step.String())
	}
	if diff := cmp.Diff([]string{
		"3 times udp:53 from a to b, from port 1024", "tcp:80 from a to b, kept open as x", "ping over IPv6 from a to b", "tcp:80 from a to b at 10.1.1.11", "2 times http:80 from a to b", "again on connection x", "stop tcp:80 of a, and have nobody say so", "start tcp:80 of a",
		"change: a rule is taken away",
	}, got); diff != "" {
		t.Error(diff)
	}
}
