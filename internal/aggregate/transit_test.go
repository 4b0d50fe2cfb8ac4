package aggregate

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// gatewayOf knows attachments by their names: tgw-1/a is one of tgw-1.
func gatewayOf(id string) string {
	gateway, _, ok := strings.Cut(id, "/")
	if !ok {
		return ""
	}
	return gateway
}

// crossing returns a row of packets at an attachment.
func crossing(id string, egress bool, port uint16, packets int64) Row {
	return Row{
		Flow{Interface: id, Directed: true, Egress: egress, Src: netip.MustParseAddr("10.0.1.10"), Dst: netip.MustParseAddr("10.1.1.10"), SrcPort: port, DstPort: 80, Protocol: 6},
		Counts{Packets: packets, Bytes: 40 * packets, First: 10 * second, Last: 12 * second, Flags: syn},
	}
}

// TestPairs has which attachment is at the other side, and where nobody can tell.
func TestPairs(t *testing.T) {
	const in, out = false, true
	for _, tc := range []struct {
		name string
		rows []Row
		want []string // of each row
	}{
		{"it crosses", []Row{crossing("tgw-1/a", in, 1, 5), crossing("tgw-1/b", out, 1, 5)}, []string{"tgw-1/b", "tgw-1/a"}},
		{"some were lost", []Row{crossing("tgw-1/a", in, 1, 5), crossing("tgw-1/b", out, 1, 3)}, []string{"tgw-1/b", "tgw-1/a"}},
		{"back by the same", []Row{crossing("tgw-1/a", in, 1, 5), crossing("tgw-1/a", out, 1, 5)}, []string{"tgw-1/a", "tgw-1/a"}},
		{"it went nowhere", []Row{crossing("tgw-1/a", in, 1, 5)}, []string{""}},
		{"it came by another device", []Row{crossing("tgw-1/b", out, 1, 5)}, []string{""}},
		{"more left than came", []Row{crossing("tgw-1/a", in, 1, 5), crossing("tgw-1/b", out, 1, 6)}, []string{"", ""}},
		{"it came by two", []Row{crossing("tgw-1/a", in, 1, 5), crossing("tgw-1/c", in, 1, 5), crossing("tgw-1/b", out, 1, 7)}, []string{"", "", ""}},
		{"it left by two", []Row{crossing("tgw-1/a", in, 1, 5), crossing("tgw-1/b", out, 1, 2), crossing("tgw-1/c", out, 1, 3), crossing("tgw-1/b", out, 1, 0)}, []string{"", "", "", ""}},
		{"another flow", []Row{crossing("tgw-1/a", in, 1, 5), crossing("tgw-1/b", out, 2, 5)}, []string{"", ""}},
		{"another transit gateway", []Row{crossing("tgw-1/a", in, 1, 5), crossing("tgw-2/b", out, 1, 5)}, []string{"", ""}},
		{"no attachment", []Row{crossing("eni-1", in, 1, 5), crossing("tgw-1/b", out, 1, 5)}, []string{"", ""}},
	} {
		p := PairsOf(&Window{Rows: tc.rows}, gatewayOf)
		var got []string
		for i := range tc.rows {
			got = append(got, p.Of(&tc.rows[i]))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestTransitRecords has a window with all kinds of records, as AWS's default format has them.
func TestTransitRecords(t *testing.T) {
	about := func(id string) *Attachment {
		switch id {
		case "tgw-1/a":
			return &Attachment{
				TransitGateway: "tgw-1", Account: "123456789012", Region: "us-east-1", VPCAccount: "123456789012", VPC: "vpc-a", Subnet: "subnet-a", ENI: "eni-a", AZID: "use1-az1",
				Service: func(a netip.Addr) string { return map[string]string{"10.1.1.10": "S3"}[a.String()] },
			}
		case "tgw-1/b":
			return &Attachment{TransitGateway: "tgw-1", Account: "123456789012", Region: "us-east-1", VPCAccount: "210987654321", VPC: "vpc-b"}
		}
		return nil
	}
	w := NewWindows(time.Minute)
	told := crossing("tgw-1/b", false, 9, 7)
	told.TellsLosses, told.Lost = true, [losses]int64{LostNoRoute: 1, LostMTUExceeded: 2, LostTTLExpired: 3}
	more := told
	more.Packets, more.Bytes, more.Lost = 1, 40, [losses]int64{LostBlackhole: 1}
	for _, r := range []Row{crossing("tgw-1/a", false, 1, 5), crossing("tgw-1/b", true, 1, 5), crossing("tgw-1/c", false, 2, 1), told, more} {
		w.Add(&r.Flow, r.Counts)
	}
	var got []string
	for _, at := range []int64{60, 120} {
		if at == 120 {
			w.Skip("tgw-1/b", 70*second)
		}
		if _, err := w.CloseUntil(at*second, 10, func(window *Window) error {
			b := flowlog.NewBatch(flowlog.KindTGW)
			err := AppendTransitRecords(b, window, &Transit{Version: 6, ResourceType: "TransitGateway", About: about, Pairs: PairsOf(window, gatewayOf)})
			for r := range b.Records() {
				got = append(got, string(flowlog.AppendText(nil, r, flowlog.DefaultFormat(flowlog.KindTGW))))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	ends := "10.0.1.10 10.1.1.10 "
	want := []string{
		"6 TransitGateway 123456789012 tgw-1 tgw-1/a 123456789012 210987654321 vpc-a vpc-b subnet-a - eni-a - use1-az1 - tgw-1/b " + ends + "1 80 6 5 200 10 12 OK IPv4 - - - - 2 us-east-1 ingress - S3",
		"6 TransitGateway 123456789012 tgw-1 tgw-1/b 210987654321 - vpc-b - - - - - - - - " + ends + "9 80 6 8 320 10 12 OK IPv4 1 1 2 3 2 us-east-1 ingress - -",
		"6 TransitGateway 123456789012 tgw-1 tgw-1/b 123456789012 210987654321 vpc-a vpc-b subnet-a - eni-a - use1-az1 - tgw-1/a " + ends + "1 80 6 5 200 10 12 OK IPv4 - - - - 2 us-east-1 egress - -",
		"6 TransitGateway - - tgw-1/c - - - - - - - - - - - " + ends + "2 80 6 1 40 10 12 OK IPv4 - - - - 2 - ingress - -",
		"6 TransitGateway 123456789012 tgw-1 tgw-1/b - - - - - - - - - - - - - - - - - - 60 120 SKIPDATA - - - - - - us-east-1 - - -",
		"6 TransitGateway 123456789012 tgw-1 tgw-1/a - - - - - - - - - - - - - - - - - - 60 120 NODATA - - - - - - us-east-1 - - -",
		"6 TransitGateway - - tgw-1/c - - - - - - - - - - - - - - - - - - 60 120 NODATA - - - - - - - - - -",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
