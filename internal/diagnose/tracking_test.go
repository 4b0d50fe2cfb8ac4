package diagnose

import (
	"slices"
	"strings"
	"testing"
)

// TestTracking tells whether a security group had forgotten a connection by the time of a
// refused reply: where it can't have, the network ACL refused.
func TestTracking(t *testing.T) {
	subnet := false
	for name, tt := range map[string]struct {
		protocol int
		tracking Tracking
		gap      int64
		answered bool
		forgot   bool   // for sure
		assumes  string // in an assumption, "" for none of tracking
	}{
		"UDP at once":              {17, Tracking{}, 1, false, false, "while the security group still knew"},
		"UDP after 30 s":           {17, Tracking{}, 31, false, true, ""},
		"UDP that was answered":    {17, Tracking{}, 31, true, false, "31 s passed since the last packet that was accepted, and it forgets after 30 to 180 s"},
		"a UDP stream after 180 s": {17, Tracking{}, 181, true, true, ""},
		"UDP set to 60 s":          {17, Tracking{UDP: 60}, 59, false, false, "while the security group still knew"},
		"UDP of a balancer":        {17, Tracking{Balancer: true}, 121, false, true, ""},
		"TCP after 349 s":          {6, Tracking{}, 349, false, false, "while the security group still knew"},
		"TCP after 351 s":          {6, Tracking{}, 351, false, false, "it forgets after 350 to 432000 s"},
		"TCP after 5 days":         {6, Tracking{}, 432_001, true, true, ""},
		"TCP set to 100 s":         {6, Tracking{TCPEstablished: 100}, 101, false, true, ""},
		"TCP of a balancer":        {6, Tracking{Balancer: true}, 351, false, true, ""},
		"ICMP":                     {1, Tracking{}, 100_000, false, false, "while the security group still knew"},
	} {
		t.Run(name, func(t *testing.T) {
			list := []Evidence{
				{Interface: "eni-1", Direction: "ingress", Way: Request, Action: "ACCEPT", Records: 1, First: 900, Last: 1000},
				{Interface: "eni-1", Direction: "egress", Way: Reply, Action: "REJECT", Records: 1, First: 1000 + tt.gap, Last: 1000 + tt.gap},
			}
			if tt.answered {
				list = append(list, Evidence{Interface: "eni-1", Direction: "egress", Way: Reply, Action: "ACCEPT", Records: 1, First: 900, Last: 1000})
			}
			f := At(list, Known{Accepts: true, Rejects: true, SameSubnet: &subnet, Protocol: tt.protocol, Tracking: tt.tracking})
			if f.Outcome != ReplyRefused || slices.Contains(f.Controls, SecurityGroup) != tt.forgot || strings.Contains(f.Says, "had forgotten") != tt.forgot {
				t.Errorf("%+v", f)
			}
			if text := strings.Join(f.Assumes, "; "); !strings.Contains(text, tt.assumes) || tt.assumes == "" && strings.Contains(text, "group") {
				t.Errorf("it assumes %q", text)
			}
		})
	}
}
