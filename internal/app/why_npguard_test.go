package app

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/query"
	"weir/internal/sharedtest"
)

// npRecord writes a record of a SYN to port 443 at an ENI.
func npRecord(eni string, src, dst netip.Addr, srcPort int, action string) string {
	return fmt.Sprintf("3 %s %s %s %d 443 6 3 180 1700000000 1700000059 %s OK 2\n", eni, src, dst, srcPort, action)
}

// whyLake returns a lake of records with tcp-flags in the minute of 1700000000, and a definition
// of before.
func whyLake(t *testing.T, network, records string) (*Local, string) {
	t.Helper()
	dir := t.TempDir()
	data, logs := filepath.Join(dir, "data"), filepath.Join(dir, "logs")
	if err := os.Mkdir(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(logs, "flow.log"), "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags\n"+records, time.Hour)
	s, err := OpenLocal(t.Context(), LocalOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	docs, err := netmodel.ReadDocuments(network)
	if err != nil {
		t.Fatal(err)
	}
	for i := range docs { // the answers do not say whose they are
		docs[i].Account, docs[i].Region = "111122223333", "eu-north-1"
	}
	if _, err := ImportNetwork(t.Context(), data, docs, time.Unix(1699990000, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), OpenRequest{Sources: []string{logs}, All: true, Workers: 1}, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	return s, data
}

// TestWhyExplained asks why about the connections that np-guard explains, by the records that
// they would leave: what np-guard says is blocked is refused by the group that it names, and what
// it says passes no rule refuses.
func TestWhyExplained(t *testing.T) {
	const folder = "data/netdefs/np-guard-aws"
	input := sharedtest.Path(t, folder, "input", "input_aws_sg_1.json")
	loaded, err := netmodel.Load(input)
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) (netip.Addr, string) {
		a := netip.MustParseAddr(text)
		if list := loaded.At(a); len(list) == 1 {
			return a, list[0].ID
		}
		return a, ""
	}
	dashboard, dashboardENI := at("10.240.40.217")
	app2, app2ENI := at("10.240.20.43")
	app1, app1ENI := at("10.240.20.245")
	proxy, proxyENI := at("10.240.10.42")
	outside, _ := at("161.26.0.0")
	s, data := whyLake(t, input, npRecord(app2ENI, dashboard, app2, 40001, "REJECT")+
		npRecord(dashboardENI, dashboard, app2, 40001, "ACCEPT")+
		npRecord(app1ENI, app1, outside, 40002, "REJECT")+
		npRecord(proxyENI, proxy, outside, 40003, "REJECT"))
	for name, tt := range map[string]struct {
		src, dst netip.Addr
		refuses  string // the control and who it is of
	}{
		"ip_to_ip":                   {dashboard, app2, ""},
		"to_external_private_subnet": {app1, outside, "security-group GroupId:42"},
		"to_external_public_subnet":  {proxy, outside, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Why(t.Context(), s, WhyRequest{Src: tt.src.String(), Dst: tt.dst.String(), Port: 443, Protocol: 6, Data: data, Scope: query.Scope{}})
			if err != nil {
				t.Fatal(err)
			}
			c := &r.Connections[0]
			if len(r.Connections) != 1 || c.Outcome != diagnose.Refused || c.Rule == nil {
				t.Fatalf("%+v", r)
			}
			var got []string
			for _, refusal := range c.Rule.Refusals {
				got = append(got, string(refusal.Step.Stage)+" "+strings.Join(refusal.Step.Groups, ","))
			}
			if tt.refuses == "" && (c.Rule.Agrees || len(got) > 0) || tt.refuses != "" && (!c.Rule.Agrees || !slices.Contains(got, tt.refuses)) {
				t.Errorf("agrees: %v, refusals %q: %s", c.Rule.Agrees, got, c.Rule.Says)
			}
		})
	}
}

// TestWhyAnalyzed asks why about connections between all instances of np-guard's configurations,
// as if they had been refused: the definition agrees where np-guard has no connection, and does
// not where it has all of them.
func TestWhyAnalyzed(t *testing.T) {
	all := regexp.MustCompile(`^\S+\[([0-9.]+)\] => \S+\[([0-9.]+)\] : (.*)$`)
	counts := map[bool]int{}
	for _, config := range []string{"aws_sg_1", "aws_acl_1"} {
		input := sharedtest.Path(t, "data/netdefs/np-guard-aws/input", "input_"+config+".json")
		answers, err := filepath.Glob(sharedtest.Path(t, "data/netdefs/np-guard-aws/out/analysis_out", ".") + "/" + config + "_all_vpcs_.txt")
		if err != nil || len(answers) == 0 {
			t.Fatalf("no answer for %s", config)
		}
		answer, err := os.ReadFile(answers[0])
		if err != nil {
			t.Fatal(err)
		}
		passes := map[[2]string]string{}
		for line := range strings.Lines(string(answer)) {
			if m := all.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				passes[[2]string{m[1], m[2]}] = m[3]
			}
		}
		loaded, err := netmodel.Load(input)
		if err != nil {
			t.Fatal(err)
		}
		var records strings.Builder
		var pairs [][2]*netmodel.Interface
		for _, a := range loaded.Interfaces {
			for _, b := range loaded.Interfaces {
				if a.Instance != "" && b.Instance != "" && a != b {
					pairs = append(pairs, [2]*netmodel.Interface{a, b})
					records.WriteString(npRecord(b.ID, a.Addresses[0], b.Addresses[0], 40001, "REJECT"))
				}
			}
		}
		s, data := whyLake(t, input, records.String())
		for _, p := range pairs {
			src, dst := p[0].Addresses[0].String(), p[1].Addresses[0].String()
			what, passes := passes[[2]string{src, dst}]
			if passes && what != "All Connections" {
				continue // of some ports, or without replies
			}
			r, err := Why(t.Context(), s, WhyRequest{Src: src, Dst: dst, Port: 443, Protocol: 6, Data: data})
			if err != nil {
				t.Fatal(err)
			}
			rule := r.Connections[0].Rule
			if rule == nil || rule.Agrees == passes {
				t.Errorf("%s: %s to %s: np-guard says %q, and why %+v", config, src, dst, what, rule)
			}
			counts[passes]++
		}
	}
	t.Logf("%d pass, %d are blocked", counts[true], counts[false])
	if counts[true] < 5 || counts[false] < 5 {
		t.Errorf("%v", counts)
	}
}
