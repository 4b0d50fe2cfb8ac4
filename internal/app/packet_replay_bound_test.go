package app

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/capture/packet"
	"weir/internal/capture/packetfile"
	"weir/internal/policy"
)

// webServer is a definition of one network interface, at which HTTPS comes in, and nothing goes out by itself.
const webServer = `
account: "111122223333"
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

// segment returns a frame of TCP without a link header.
func segment(src, dst netip.AddrPort, flags byte, at time.Time) *packetfile.Frame {
	b := make([]byte, 40)
	b[0], b[8], b[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(b[2:], 40)
	copy(b[12:], src.Addr().AsSlice())
	copy(b[16:], dst.Addr().AsSlice())
	binary.BigEndian.PutUint16(b[20:], src.Port())
	binary.BigEndian.PutUint16(b[22:], dst.Port())
	b[32], b[33] = 0x50, flags
	return &packetfile.Frame{Data: b, Length: len(b), Time: at, Link: packet.Raw}
}

// flood gives a replay connections from as many clients, in three windows, each with its answer some packets later, and calls after behind each packet.
func flood(t *testing.T, p *PacketReplay, clients int, after func()) {
	t.Helper()
	server := netip.MustParseAddrPort("10.0.1.10:443")
	begin := time.Unix(1_772_445_600, 0)
	client := func(n int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(n >> 8), byte(n)}), uint16(1024+n%60000))
	}
	const late = 20
	for n := range clients + late {
		at := begin.Add(time.Duration(n) * 150 * time.Second / time.Duration(clients))
		if n < clients {
			if err := p.frame(segment(client(n), server, policy.SYN, at)); err != nil {
				t.Fatal(err)
			}
			after()
		}
		if n >= late {
			if err := p.frame(segment(server, client(n-late), policy.SYN|policy.ACK, at)); err != nil {
				t.Fatal(err)
			}
			after()
		}
	}
}

// TestPacketReplayIsBounded has more connections and flows than there may be. No packet is without a record, whatever there is room for, and what was not tracked is told.
func TestPacketReplayIsBounded(t *testing.T) {
	const clients = 3000
	file := filepath.Join(t.TempDir(), "net.yaml")
	if err := os.WriteFile(file, []byte(webServer), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		connections, flows int
		without            bool // a definition
	}{
		"room for all":                  {clients, 2 * clients, false},
		"connections":                   {100, 2 * clients, false},
		"flows":                         {clients, 100, false},
		"both":                          {100, 7, false},
		"flows, and nothing is decided": {1, 100, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]int64{}
			request := PacketReplayRequest{Interval: time.Minute, Connections: tc.connections, Flows: tc.flows, Version: 2, Write: func(b *flowlog.Batch) error {
				for r := range b.Records() {
					action, _ := r.Text(flowlog.Action)
					src, _ := r.Text(flowlog.SrcAddr)
					if n, ok := r.Int(flowlog.Packets); ok && src == "10.0.1.10" {
						got["answers "+action] += n
					} else if ok {
						got["requests "+action] += n
					}
				}
				return nil
			}}
			if !tc.without {
				request.Definition = &NetworkSource{Network: []string{file}}
			}
			p, err := NewPacketReplay(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			most := 0
			flood(t, p, clients, func() { most = max(most, p.windows.Len()) })
			report, err := p.End()
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]int64{"requests ACCEPT": clients, "answers ACCEPT": clients - report.Untracked}
			if report.Untracked > 0 {
				want["answers REJECT"] = report.Untracked
			}
			if tc.without {
				want = map[string]int64{"requests ": clients, "answers ": clients}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if most > tc.flows || (report.Parted > 0) != (tc.flows < 2*clients) || (report.Untracked > 0) != (tc.connections < clients && !tc.without) {
				t.Errorf("%d flows were open at most: %+v", most, report)
			}
		})
	}
}
