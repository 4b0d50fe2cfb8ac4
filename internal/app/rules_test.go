package app

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/hygiene"
	"weir/internal/netmodel"
	"weir/internal/query"
	"weir/internal/versions"
)

// jobNetwork has a database that the web servers and a job of each month call, and a rule that
// nothing needs.
const jobNetwork = `account: "111122223333"
region: eu-west-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
subnets:
  subnet-a: {vpc: vpc-1, az: eu-west-1a, cidrs: [10.0.1.0/24]}
network-interfaces:
  eni-db: {subnet: subnet-a, addresses: [10.0.1.10], groups: [db]}
security-groups:
  db:
    vpc: vpc-1
    ingress:
      - {tcp: 5432, from: 10.0.2.0/24}
      - {tcp: 5432, from: 10.0.9.9/32}
      - {tcp: 22, from: 192.0.2.0/24}
    egress: []
network-acls:
  acl-1:
    vpc: vpc-1
    default: true
    ingress:
      - {number: 100, action: allow, protocol: all, from: 0.0.0.0/0}
    egress:
      - {number: 100, action: allow, protocol: all, to: 0.0.0.0/0}
`

// jobDays are more than a month.
const jobDays = 32

// jobRecords are of each hour of some days from a time on: the job runs on the first of them.
func jobRecords(begin int64, days int) []string {
	var out []string
	connection := func(at int64, peer string, port int) {
		request := rawRecord{
			eni: "eni-db", src: peer, dst: "10.0.1.10", pktSrc: peer, pktDst: "10.0.1.10", srcPort: port, dstPort: 5432, protocol: 6, flags: 2,
			packets: 5, bytes: 500, start: at, end: at + 10, action: "ACCEPT", reason: "-", direction: "ingress",
		}
		reply := request
		reply.src, reply.dst, reply.pktSrc, reply.pktDst = request.dst, request.src, request.pktDst, request.pktSrc
		reply.srcPort, reply.dstPort, reply.flags, reply.direction = 5432, port, 18, "egress"
		out = append(out, request.String(), reply.String())
	}
	for hour := range int64(24 * days) {
		connection(begin+hour*3600+60, "10.0.2.7", 40000+int(hour))
	}
	connection(begin+7200, "10.0.9.9", 51000)
	return out
}

// importOf imports a definition as of a time.
func importOf(t testing.TB, data, yaml string, at time.Time) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "net.yaml")
	put(t, file, yaml, 0)
	docs, err := netmodel.ReadDocuments(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ImportNetwork(t.Context(), data, docs, at); err != nil {
		t.Fatal(err)
	}
}

// TestMonthlyJob finds the rule of a job that comes once a month by records of a month, and says
// of records of a week that they are of less.
func TestMonthlyJob(t *testing.T) {
	begin := int64(1_780_000_000) / 3600 * 3600
	first, end := time.Unix(begin, 0), time.Unix(begin+jobDays*86400, 0)
	s := lakeOf(t, rawHeader, jobRecords(begin, jobDays))
	data := t.TempDir()
	if _, err := Rules(t.Context(), s, RulesRequest{Data: data, Coverage: 0.95}, nil); !errors.Is(err, versions.ErrNone) {
		t.Errorf("without a definition: %v", err)
	}
	importOf(t, data, jobNetwork, first)
	importOf(t, data, jobNetwork, end)
	verdicts := func(r *RulesReport) string {
		var out []string
		for _, rule := range r.Rules {
			if rule.Object == "db" {
				out = append(out, string(rule.Verdict))
			}
		}
		return strings.Join(out, " ")
	}
	whole, err := Rules(t.Context(), s, RulesRequest{Data: data, Coverage: 0.95}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := verdicts(whole); got != "used used unused" || len(whole.Doubts) > 0 || whole.To.Sub(whole.From) < Month {
		t.Errorf("of all days: %s, %v", got, whole.Doubts)
	}
	for _, rule := range whole.Rules {
		if rule.Object == "db" && (rule.Hours.OK != 24*jobDays || rule.Hours.None != 0) {
			t.Errorf("%s: %+v", rule.Name, rule.Hours)
		}
		if rule.Name == "db:ingress:tcp:5432:10.0.9.9/32" && (rule.Connections != 1 || rule.Sole != 1 || rule.Bytes != 1000 || rule.Guessed != 0 || rule.First != begin+7200) {
			t.Errorf("%+v", rule.Use)
		}
	}
	week, err := Rules(t.Context(), s, RulesRequest{Data: data, Coverage: 0.95, Scope: query.Scope{From: end.Add(-7 * 24 * time.Hour)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := verdicts(week); got != "used unused unused" || week.To.Sub(week.From) >= Month {
		t.Errorf("of a week: %s", got)
	}
	// Half of the hours are before the first record.
	sparse, err := Rules(t.Context(), s, RulesRequest{Data: data, Coverage: 0.95, Scope: query.Scope{From: first.Add(-jobDays * 24 * time.Hour)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := verdicts(sparse); got != "used used not-judged" || sparse.Rules[len(sparse.Rules)-1].Reason != "" && len(sparse.Doubts) == 0 {
		t.Errorf("of twice the time: %s, %v", got, sparse.Doubts)
	}
	if _, err := Rules(t.Context(), s, RulesRequest{Data: data, Coverage: 0.95, Only: []string{"sg-9"}}, nil); !errors.Is(err, ErrUnknownRule) {
		t.Errorf("of no group: %v", err)
	}
	if _, err := Rules(t.Context(), s, RulesRequest{Data: data, Scope: query.Scope{From: end.Add(time.Hour)}}, nil); err == nil {
		t.Error("of no record: no error")
	}
}

// TestTightenReplays proposes by the first part of the time, and finds what comes in the rest.
func TestTightenReplays(t *testing.T) {
	begin := int64(1_780_000_000) / 3600 * 3600
	lines := jobRecords(begin, 4)
	wide := strings.Replace(jobNetwork, "{tcp: 5432, from: 10.0.2.0/24}", "{tcp: 0-65535, from: 10.0.0.0/8}", 1)
	wide = strings.Replace(wide, "      - {tcp: 5432, from: 10.0.9.9/32}\n", "", 1)
	s := lakeOf(t, rawHeader, lines)
	data := t.TempDir()
	importOf(t, data, wide, time.Unix(begin, 0))
	req := RulesRequest{Data: data, Coverage: 0.95, Only: []string{"db:ingress:tcp:0-65535:10.0.0.0/8"}, Tighten: true, MostRules: 5, Learn: 0.75}
	r, err := Rules(t.Context(), s, req, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Proposals[0]
	if got := strings.Join(p.Texts, ", "); got != "tcp:5432 10.0.2.7/32, tcp:5432 10.0.9.9/32" || p.LearntDenied+p.ReplayDenied > 0 || p.Learnt+p.Replayed != 24*4+1 {
		t.Errorf("%s: %+v", got, p)
	}
	req.Scope.From = time.Unix(begin+86400, 0)
	if r, err = Rules(t.Context(), s, req, nil); err != nil || strings.Join(r.Proposals[0].Texts, ", ") != "tcp:5432 10.0.2.7/32" {
		t.Errorf("without the job: %v, %v", r.Proposals[0].Texts, err)
	}
	req.Scope.From, req.Learn = time.Time{}, 0.01 // the first hour
	if r, err = Rules(t.Context(), s, req, nil); err != nil || r.Proposals[0].ReplayDenied != 1 || r.Proposals[0].Denied[0].Far.String() != "10.0.9.9" {
		t.Errorf("the job came later: %+v, %v", r.Proposals[0], err)
	}
	req.Only = []string{"acl-1:ingress:100"}
	if _, err := Rules(t.Context(), s, req, nil); !errors.Is(err, hygiene.ErrEntry) {
		t.Errorf("an entry: %v", err)
	}
}

// TestRulesOfVersions counts a rule's hits since it is as it is, by versions.
func TestRulesOfVersions(t *testing.T) {
	begin := int64(1_780_000_000) / 3600 * 3600
	s := lakeOf(t, rawHeader, jobRecords(begin, 4))
	data := t.TempDir()
	importOf(t, data, strings.Replace(jobNetwork, "{tcp: 5432, from: 10.0.9.9/32}", "{tcp: 5432, from: 10.0.9.0/24}", 1), time.Unix(begin, 0))
	changed := begin + 86400
	importOf(t, data, jobNetwork, time.Unix(changed, 0))
	r, err := Rules(t.Context(), s, RulesRequest{Data: data, Coverage: 0.95}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Definitions != 2 || len(r.Doubts) != 1 || r.Counts.Unexplained > 0 {
		t.Errorf("%d definitions, %v, %+v", r.Definitions, r.Doubts, r.Counts)
	}
	for _, rule := range r.Rules {
		if rule.Name == "db:ingress:tcp:5432:10.0.9.9/32" && (rule.Verdict != hygiene.Unused || rule.Since != changed || rule.Hours.All() != 24*3) {
			t.Errorf("%+v", rule)
		}
	}
}
