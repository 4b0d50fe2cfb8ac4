package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/detection"
)

// contradicted is a host that lets HTTPS in and nothing else.
const contradicted = `account: "111122223333"
region: eu-west-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
subnets:
  subnet-a: {vpc: vpc-1, az: eu-west-1a, cidrs: [10.0.1.0/24]}
network-interfaces:
  eni-web: {subnet: subnet-a, addresses: [10.0.1.10], groups: [web]}
security-groups:
  web:
    vpc: vpc-1
    ingress:
      - {tcp: 443, from: 0.0.0.0/0}
    egress:
      - {protocol: all, to: 0.0.0.0/0}
network-acls:
  acl-1:
    vpc: vpc-1
    default: true
    ingress:
      - {number: 100, action: allow, protocol: all, from: 0.0.0.0/0}
    egress:
      - {number: 100, action: allow, protocol: all, to: 0.0.0.0/0}
`

// TestContradiction tells of records that the rules in force forbid, with the records.
func TestContradiction(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a, endpoint := newAlerted(t, begin)
	r := DetectionRequest{Name: "contradiction", Data: a.s.lake.Data(), Now: begin, Targets: []detection.Target{{Protocol: "webhook", Endpoint: endpoint}}}
	if _, err := AddDetection(t.Context(), a.s, &r); err == nil || !strings.Contains(err.Error(), "no definition of the network was imported") {
		t.Errorf("without a definition: %v", err)
	}
	importOf(t, a.s.lake.Data(), contradicted, begin.Add(-24*time.Hour))
	importOf(t, a.s.lake.Data(), contradicted, begin.Add(time.Hour)) // nothing changed until then
	a.add(r)
	if got := a.add(r); strings.Contains(got, "made") || strings.Contains(got, "changed ") && !strings.Contains(got, "unchanged ") {
		t.Errorf("the second time:\n%s", got)
	}
	dir := t.TempDir()
	records := []string{flowHeader + " tcp-flags"}
	line := func(port, srcPort int, action string) string {
		return fmt.Sprintf("2 111122223333 eni-web 203.0.113.7 10.0.1.10 %d %d 6 9 900 %d %d %s OK 2", srcPort, port, begin.Unix()+30, begin.Unix()+60, action)
	}
	records = append(records, line(443, 40001, "ACCEPT"), line(22, 40002, "REJECT"), line(3389, 40003, "ACCEPT"))
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte(strings.Join(records, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.s.lake.NoteFollowed(t.Context(), dir); err != nil { // what comes from now on is live
		t.Fatal(err)
	}
	if _, err := a.s.Open(t.Context(), OpenRequest{Sources: []string{dir}, Brief: true, Follow: true}, nil); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for minutes := 5; minutes <= 40; minutes += 5 {
		a.at(begin.Add(time.Duration(minutes)*time.Minute + time.Second))
		got.WriteString(a.detections()[0].State[:1])
	}
	if strings.Count(got.String(), "A") != 1 || !strings.HasSuffix(got.String(), "O") {
		t.Errorf("states %s", got.String())
	}
	text, err := json.Marshal(a.got)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "40003 3389 6") || strings.Contains(string(text), "40001 443") || strings.Contains(string(text), "40002 22") {
		t.Errorf("messages say %s", text)
	}
}

// TestNATBytes watches the network interfaces that the definition has of NAT gateways.
func TestNATBytes(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a, _ := newAlerted(t, begin.Add(-time.Minute))
	a.flowGroup("g", withFlags)
	r := DetectionRequest{Name: "nat-bytes", Group: "g", Data: a.s.lake.Data(), Now: begin.Add(time.Minute), Values: map[string]float64{detection.Threshold: 3000, detection.Period: 60}}
	if _, err := AddDetection(t.Context(), a.s, &r); err == nil || !strings.Contains(err.Error(), "no definition of the network was imported") {
		t.Errorf("without a definition: %v", err)
	}
	importOf(t, a.s.lake.Data(), contradicted, begin)
	if _, err := AddDetection(t.Context(), a.s, &r); err == nil || !strings.Contains(err.Error(), "the definition of the network has no interface of a NAT gateway") {
		t.Errorf("without a NAT gateway: %v", err)
	}
	importOf(t, a.s.lake.Data(), contradicted+"nat-gateways:\n  nat-1: {subnet: subnet-a, addresses: [{interface: eni-nat, private: 10.0.1.77, public: 192.0.2.77}]}\n", begin.Add(time.Second))
	a.add(r)
	record := func(eni string) func(int) string {
		return func(i int) string {
			return strings.Replace(flagged("10.0.1.10", "198.51.100.1", 40000+i, 443, 1000, "ACCEPT", 0, "egress"), "eni-1", eni, 1)
		}
	}
	got := a.detected("weir-nat-bytes-g", begin.Unix(), 3, func(minute int) []string {
		return [][]string{times(2, record("eni-nat")), times(3, record("eni-nat")), times(9, record("eni-web"))}[minute]
	})
	if got != "OAO" {
		t.Errorf("states %s", got)
	}
}
