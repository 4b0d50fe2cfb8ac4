package flowlog_test

import (
	"strings"
	"testing"

	"weir/flowlog"
)

// TestProtocolNames checks names against IANA's Assigned Internet Protocol
// Numbers.
func TestProtocolNames(t *testing.T) {
	for name, number := range map[string]int64{
		"ICMP": 1, "igmp": 2, "tcp": 6, "UDP": 17, "gre": 47, "esp": 50, "ah": 51,
		"icmpv6": 58, "ipv6-icmp": 58, "ospf": 89, "sctp": 132,
	} {
		if got, ok := flowlog.ProtocolNumber(name); !ok || got != number {
			t.Errorf("ProtocolNumber(%q) = %d, %v, want %d", name, got, ok, number)
		}
	}
	for number, name := range map[int64]string{1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"} {
		if got, ok := flowlog.ProtocolName(number); !ok || got != name {
			t.Errorf("ProtocolName(%d) = %q, %v, want %q", number, got, ok, name)
		}
	}
	if got, ok := flowlog.ProtocolNumber("ssh"); ok {
		t.Errorf("ssh is protocol %d", got)
	}
	if got, ok := flowlog.ProtocolName(255); ok {
		t.Errorf("255, which is reserved, is %q", got)
	}
}

// TestServiceNames checks names against IANA's registry of services.
func TestServiceNames(t *testing.T) {
	for name, port := range map[string]int64{"ssh": 22, "SMTP": 25, "http": 80, "https": 443, "rdp": 3389, "postgresql": 5432} {
		if got, ok := flowlog.ServicePort(name); !ok || got != port {
			t.Errorf("ServicePort(%q) = %d, %v, want %d", name, got, ok, port)
		}
	}
	if got, ok := flowlog.ServiceName(22); !ok || got != "ssh" {
		t.Errorf("ServiceName(22) = %q, %v", got, ok)
	}
	if got, ok := flowlog.ServiceName(65535); ok {
		t.Errorf("ServiceName(65535) = %q", got)
	}
}

// TestNamesAreNames checks that each name stands for one number, which a field can
// hold, and is a word that a filter can hold bare.
func TestNamesAreNames(t *testing.T) {
	for what, names := range map[string][]flowlog.NamedNumber{"protocol": flowlog.Protocols(), "service": flowlog.Services()} {
		most := int64(65535)
		if what == "protocol" {
			most = 255
		}
		seen := map[string]bool{}
		for _, n := range names {
			if seen[n.Name] || n.Name != strings.ToLower(n.Name) || strings.ContainsAny(n.Name, " ,()'\"") || n.Number < 0 || n.Number > most {
				t.Errorf("%s %q, %d: twice, not lower case, no word, or out of range", what, n.Name, n.Number)
			}
			seen[n.Name] = true
		}
	}
}
