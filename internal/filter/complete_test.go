package filter

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

func TestComplete(t *testing.T) {
	for _, tt := range []struct {
		text string // | is the cursor
		want string // the texts, with | between them; after ... anything may come
	}{
		{"src|", "srcaddr|srcport|src-port-name"},
		{"SRC|", "srcaddr|srcport|src-port-name"},
		{"pkt_src|", "pkt-srcaddr|pkt-src-aws-service"},
		{"|", "version|account-id|interface-id|..."},
		{"no|", "not"},
		{"not |", "version|account-id|interface-id|..."},
		{"(add|", "addr"},
		{"dstport = 22 and srcp|", "srcport"},
		{"srcport|", "srcport"},
		{"src|port = 22", "srcaddr|srcport|src-port-name"},
		{"tgw|", ""},
		{"srcaddr |", "=|!=|in|not in|contains|not contains|starts with|not starts with|~|!~|is absent|is present"},
		{"srcaddr no|", "not in|not contains|not starts with"},
		{"srcaddr not |", "in|contains|starts with"},
		{"dstport |", "=|!=|<|<=|>|>=|in|not in|is absent|is present"},
		{"dstport not |", "in"},
		{"weir-unknown |", "is absent|is present"},
		{"dstport is |", "absent|present|not absent"},
		{"dstport is not |", "absent"},
		{"instance-id starts |", "with"},
		{"action = |", "ACCEPT|REJECT"},
		{"action = re|", "REJECT"},
		{"action in (accept, r|", "REJECT"},
		{"log-status != |", "OK|NODATA|SKIPDATA"},
		{"protocol = t|", "tcp"},
		{"protocol in (ud|", "udp|udplite"},
		{"dstport = ss|", "ssh"},
		{"port in (ssh, htt|", "http|https"},
		{"type = ip|", "IPv4|IPv6"},
		{"pkt-dst-aws-service = s|", "S3"},
		{"action = REJECT |", "and|or"},
		{"action = REJECT a|", "and"},
		{"(action = REJECT |", "and|or"},
		{"action in (REJECT |", ""},
		{"srcaddr = |", ""},
		{"bytes > 1|", ""},
		{"instance-id ~ /x|", ""},
		{"instance-id = 'x|", ""},
		{"nothing = 5 and src|", ""},
		{"dstport = 99999 and src|", ""},
		{"dstport = 22 srcport |", ""},
	} {
		t.Run(tt.text, func(t *testing.T) {
			before, after, _ := strings.Cut(tt.text, "|")
			var got []string
			for _, c := range Complete(before+after, len(before), Options{}) {
				got = append(got, c.Text)
			}
			var want []string
			if tt.want != "" {
				want = strings.Split(tt.want, "|")
			}
			if n := len(want); n > 0 && want[n-1] == "..." {
				want, got = want[:n-1], got[:min(n-1, len(got))]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompletePlaces(t *testing.T) {
	meaning := func(id flowlog.FieldID) string { return flowlog.FieldByID(id).Meaning }
	for _, tt := range []struct {
		text string
		want Completion // the first
	}{
		{"bytes > 1 and dstp|", Completion{"dstport", 14, 18, CompleteField, meaning(flowlog.DstPort)}},
		{"dstp|rt = 22", Completion{"dstport", 0, 6, CompleteField, meaning(flowlog.DstPort)}},
		{"dstp|=22", Completion{"dstport", 0, 4, CompleteField, meaning(flowlog.DstPort)}},
		{"por|", Completion{"port", 0, 3, CompleteField, "Either end: srcport or dstport."}},
		{"dstport=|", Completion{"ftp-data", 8, 8, CompleteValue, "20"}},
		{"dstport=ss|", Completion{"ssh", 8, 10, CompleteValue, "22"}},
		{"dstport = 1 |", Completion{"and", 12, 12, CompleteWord, ""}},
		{"dstport |22", Completion{"=", 8, 8, CompleteOperator, ""}},
	} {
		before, after, _ := strings.Cut(tt.text, "|")
		got := Complete(before+after, len(before), Options{})
		if len(got) == 0 {
			t.Errorf("%q: nothing", tt.text)
		} else if diff := cmp.Diff(tt.want, got[0]); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
	tgw := Complete("tgw-i", 5, Options{Kind: flowlog.KindTGW})
	if len(tgw) != 1 || tgw[0].Text != "tgw-id" {
		t.Errorf("transit gateways: %v", tgw)
	}
	for _, offset := range []int{-5, 1000} {
		if got := Complete("src", offset, Options{}); len(got) == 0 {
			t.Errorf("offset %d: nothing", offset)
		}
	}
}

func TestNearestField(t *testing.T) {
	for name, want := range map[string]string{"Dst_Prt": "dstport", "adr": "addr", "tgw-ld": "", "nothing-like-it": "", strings.Repeat("dstport", 100): ""} {
		if got := NearestField(name, Options{}); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := NearestField("tgw-ld", Options{Kind: flowlog.KindTGW}); got != "tgw-id" {
		t.Errorf("transit gateways: got %q", got)
	}
}

// checkComplete checks that what is offered can stand where it is offered: what is
// then missing is missing behind it.
func checkComplete(t *testing.T, text string, offset int, o Options) {
	t.Helper()
	for _, c := range Complete(text, offset, o) {
		if c.From > offset || c.To < offset || c.To > len(text) || c.Text == "" {
			t.Fatalf("%q at %d: %+v", text, offset, c)
		}
		completed := text[:c.From] + c.Text
		_, err := Parse(completed, o)
		var fault *Error
		if errors.As(err, &fault) && fault.Offset < len(completed) {
			t.Fatalf("%q at %d: with %q in its place, %v", text, offset, c.Text, err)
		}
	}
}
