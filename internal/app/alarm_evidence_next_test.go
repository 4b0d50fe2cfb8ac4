package app

import "testing"

// TestWhyCommand writes ends as shells take them, of addresses of both kinds, with and without a port.
func TestWhyCommand(t *testing.T) {
	for want, e := range map[string]recordEnds{
		"weir why 192.0.2.1 10.0.0.5:22/tcp --at 2026-03-02T11:59:59Z":          {src: "192.0.2.1", dst: "10.0.0.5", dstPort: "22", protocol: "6"},
		"weir why 192.0.2.1 10.0.0.5:53/udp --at 2026-03-02T11:59:59Z":          {src: "192.0.2.1", dst: "10.0.0.5", dstPort: "53", protocol: "17"},
		"weir why 192.0.2.1 10.0.0.5 --at 2026-03-02T11:59:59Z":                 {src: "192.0.2.1", dst: "10.0.0.5", dstPort: "0", protocol: "1"},
		"weir why 2001:db8::1 '[2001:db8::2]:22/tcp' --at 2026-03-02T11:59:59Z": {src: "2001:db8::1", dst: "2001:db8::2", dstPort: "22", protocol: "6"},
		"weir why 2001:db8::1 2001:db8::2 --at 2026-03-02T11:59:59Z":            {src: "2001:db8::1", dst: "2001:db8::2", dstPort: "0", protocol: "58"},
	} {
		if got := whyCommand(e, watchedDay.Unix()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestTailCommand writes the names of log groups as shells take them.
func TestTailCommand(t *testing.T) {
	for group, want := range map[string]string{
		"/vpc/flow.logs-1": `weir logs tail /vpc/flow.logs-1 --from 2026-03-02T12:00:00Z --to 2026-03-02T12:01:00Z --filter '" 2001:db8::1 "'`,
		"#flows":           `weir logs tail '#flows' --from 2026-03-02T12:00:00Z --to 2026-03-02T12:01:00Z --filter '" 2001:db8::1 "'`,
	} {
		if got := tailCommand(recordPair{recordEnds: recordEnds{src: "2001:db8::1"}, textOf: group}, watchedDay.Unix(), watchedDay.Unix()+60); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
