package app

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"weir/internal/detection"
	"weir/internal/sharedtest"
)

// pantherRules are the rules of panther-analysis about flow logs, and what finds the same here: a rule of the page that says how to write them, or a detection that is ready.
var pantherRules = map[string]string{
	"AWS.VPC.HealthyLogStatus":      "loss",
	"AWS.VPC.InboundPortWhitelist":  "inbound-port-not-allowed",
	"AWS.VPC.InboundPortBlacklist":  "inbound-port-blocked",
	"AWS.VPC.PortScanning":          "scan-from-inside",
	"AWS.VPC.SSHAllowedSignal":      "ssh-allowed",
	"AWS.VPC.UnapprovedOutboundDNS": "unapproved-dns",
}

// pageRules returns the rules of docs/howto/watch-for-attacks.md, by name.
func pageRules(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/howto/watch-for-attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```json file=([a-z-]+)\\.json\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		out[m[1]] = m[2]
	}
	return out
}

// pantherFormat has all fields of the records.
const pantherFormat = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${action} ${log-status} ${flow-direction}"

// pantherRecord writes a record of the vectors, which have some fields each, as a line of pantherFormat.
func pantherRecord(record map[string]any) string {
	var out []string
	for _, names := range [][]string{{"interfaceId"}, {"srcAddr"}, {"dstAddr"}, {"srcPort"}, {"dstPort"}, {"action"}, {"status", "logStatus"}, {"flowDirection"}} {
		text := "-"
		for _, name := range names {
			if v, ok := record[name]; ok {
				text = fmt.Sprint(v)
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// TestPanther replays the records of panther-analysis about flow logs against detections: each goes off for those that shall alert, and for no other.
func TestPanther(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "panther_vpcflow_detections.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		ID, Rule, Test string
		Alert          bool `json:"expect_alert"`
		Record         map[string]any
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Unix()
	a, _ := newAlerted(t, time.Unix(begin-60, 0))
	a.flowGroup("g", pantherFormat)
	rules := pageRules(t)
	values := map[string]float64{detection.Threshold: 1, detection.Period: 60}
	for _, name := range pantherRules {
		a.add(DetectionRequest{Name: name, Group: "g", Rule: rules[name], Values: values})
	}
	tried, left := 0, map[string]bool{}
	for _, v := range vectors {
		if strings.HasPrefix(v.Rule, "AWS.DNS.") || strings.HasSuffix(v.Test, "OCSF") { // no records of flow logs, or none in AWS's form
			left[v.ID] = true
			continue
		}
		minute := begin + int64(tried)*60
		tried++
		a.put("g", minute, []string{pantherRecord(v.Record)})
		state := ""
		for _, w := range a.detections() {
			if w.Detection == pantherRules[v.Rule] {
				state = w.Alarms[0].State
			}
		}
		if want := map[bool]string{true: "ALARM", false: "OK"}[v.Alert]; state != want {
			t.Errorf("%s, %s, %s: %s, want %s", v.ID, v.Rule, v.Test, state, want)
		}
	}
	t.Logf("left out: %v", left)
	if tried < 14 || tried+len(left) != len(vectors) {
		t.Errorf("%d cases were tried, and %v left out", tried, left)
	}
}

// TestScanFromInside has the threshold and the period of panther-analysis: ten ports of one target within an hour.
func TestScanFromInside(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Unix()
	a, _ := newAlerted(t, time.Unix(begin-60, 0))
	a.flowGroup("g", pantherFormat)
	a.add(DetectionRequest{Name: "scan-from-inside", Group: "g", Rule: pageRules(t)["scan-from-inside"], Values: map[string]float64{detection.Threshold: 10, detection.Period: 3600}})
	line := func(dst string, port int) string {
		return fmt.Sprintf("eni-1 10.0.0.1 %s 40000 %d ACCEPT OK egress", dst, port)
	}
	got := a.detected("weir-scan-from-inside-g", begin, 75, func(minute int) []string {
		switch {
		case minute < 9:
			return []string{line("192.0.2.1", 8000+minute), line("192.0.2.1", 443), line("192.0.2.2", 9000+minute)}
		case minute == 30:
			return []string{line("192.0.2.1", 8009)} // the tenth
		}
		return nil
	})
	// From the 30th minute on, until the first port is an hour ago.
	if want := strings.Repeat("O", 30) + strings.Repeat("A", 30) + strings.Repeat("O", 15); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
