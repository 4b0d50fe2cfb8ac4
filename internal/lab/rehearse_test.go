package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRehearse refuses scenarios that a lab can't play, before anything is sent, with the place of what is wrong.
func TestRehearse(t *testing.T) {
	dir := t.TempDir()
	if err := CopyDefinition("", dir); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDefinition(dir)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, agentFile), agentConfig(d, &state{}), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	files, err := readTexts(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := &changer{state: &state{Dir: dir}, d: d, now: files}
	const zeta = "change: {what: a guest, network: {network-interfaces: {eni-zz: {subnet: subnet-public-a, addresses: [10.0.1.99], groups: [sg-web]}}}, lab: {hosts: {zz: {eni: eni-zz, serves: [80]}}}}"
	for _, tc := range []struct{ step, rest, want string }{
		{"from: client, to: web-a, tcp: 80, then: answer", "", ""},
		{"stop: web-a, tcp: 80", "", ""},
		{zeta, "", ""},
		{zeta + "}\n  - {from: web-a, to: zz, tcp: 80, then: answer", "", ""},
		{zeta + "}\n  - {from: web-a, to: yy, tcp: 80, then: answer", "", "mine.yaml: line 5, column 5: step 3, tcp:80 from web-a to yy: there is no host yy"},
		{zeta + "}\n  - {change: {what: it goes, lab: {hosts: {zz: null}}, network: {network-interfaces: {eni-zz: null}}}", "", ""},
		{"from: client, to: web-x, tcp: 80, then: answer", "", "mine.yaml: line 4, column 5: step 2, tcp:80 from client to web-x: there is no host web-x"},
		{"from: client, to: db-b, tcp: 80, then: answer", "", "db-b has no public address for 10.0.4.10"},
		{"stop: web-a, tcp: 81", "", "step 2, stop tcp:81 of web-a: nothing of the lab's own is at tcp:81 of web-a"},
		{"change: {what: a slip, network: {security-group: {sg-web: {ingress: []}}}}", "", "mine.yaml: line 4, column 5: step 2, change: a slip: no definition of a lab: no network definition could be read: with it in network.yaml: line "},
		{"change: {what: a slip, network: {security-groups: {sg-web: {ingress: [{tcp: eighty, from: 0.0.0.0/0}]}}}}", "", `"eighty" is no port`},
		{"change: {what: a slip, network: {security-groups: {sg-web: null}}}", "", "sg-app:ingress:tcp:8080:sg-web: its network has no security group sg-web"},
		{"change: {what: a slip, lab: {hosts: {zz: {eni: eni-q}}}}", "", `host zz: its network has no network interface "eni-q"`},
		{"change: {what: a slip, lab: {hosts: {idle: null}}, network: {network-interfaces: {eni-idle: null}}}", "", "host idle: a change takes none away that the lab was built with"},
		{strings.ReplaceAll(zeta, "zz", "aa"), "", "aa can't be added to a lab that is up"},
		{"change: {what: a slip, lab: {internet: {visitor: {address: 203.0.113.101, serves: [80]}}}}", "", "visitor: an end in the internet that comes or goes serves nothing"},
		{"change: {what: a slip, agent: {rejects: many}}", "", "with it in agent.yaml:"},
		{"ping: true, from: client, to: web-a, then: answer", "flow-logs: {fl-1: {resource: subnet-shared, format: '${srcaddr} ${dstaddr}'}}", ""},
		{"ping: true, from: client, to: web-a, then: answer", "flow-logs:\n  fl-1: {resource: vpc-9}", "mine.yaml: line 8, column 3: fl-1: there is no VPC, subnet or network interface vpc-9"},
		{"ping: true, from: client, to: web-a, then: answer", "flow-logs: {fl-1: {resource: vpc-lab, format: '$version'}}", `fl-1: field 1 of the log format: "$version" is no field name`},
		{"ping: true, from: client, to: web-a, then: answer", "flow-logs: {fl-1: {resource: vpc-lab, format: '${colour}'}}", "fl-1: there is no field colour"},
	} {
		s, err := ParseScenario("mine.yaml", []byte("shows: x\ntraffic:\n  - {from: client, to: web-a, tcp: 80, then: answer}\n  - {"+tc.step+"}\nquestion: SELECT 1\nanswer: [['1']]\n"+tc.rest+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		err = c.rehearse([]Scenario{*s})
		if tc.want == "" && err != nil || tc.want != "" && (!errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %s", tc.step, err, tc.want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "rehearsal*")); len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
	if err := c.rehearse([]Scenario{{Name: "s", Traffic: []Step{{From: "web-x", To: "web-a", TCP: 80}}}}); err == nil || err.Error() != "no scenario: s: step 1, tcp:80 from web-x to web-a: there is no host web-x" {
		t.Error(err)
	}
}
