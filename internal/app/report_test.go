package app

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/lake"
)

// TestDescribe compares what the files' statistics tell with what the records do.
func TestDescribe(t *testing.T) {
	const named = "111122223333_vpcflowlogs_us-east-1_%s_20260302T%sZ_00000001.log"
	const (
		whole   = "interface-id srcaddr dstport start end action\nENI 10.0.1.5 443 1772445600 1772445659 ACCEPT\nENI 10.0.1.6 443 1772445611 1772445650 REJECT\n"
		noStart = "interface-id srcaddr dstport end action\nENI 10.0.1.5 443 1772445659 ACCEPT\n"
		noEnd   = "interface-id srcaddr dstport start action\nENI 10.0.1.5 443 1772445600 ACCEPT\n"
		neither = "interface-id srcaddr dstport action\nENI 10.0.1.5 443 ACCEPT\n"
	)
	for name, tt := range map[string]struct {
		objects map[string]string
		one     bool   // of one flow log
		gaps    string // hours
	}{
		"one flow log": {
			map[string]string{fmt.Sprintf(named, "fl-0a", "1000"): whole, fmt.Sprintf(named, "fl-0a", "1305"): whole}, true, "fl-0a 3.0",
		},
		"two flow logs": {
			map[string]string{
				fmt.Sprintf(named, "fl-0a", "1000"): whole, fmt.Sprintf(named, "fl-0a", "1105"): whole, fmt.Sprintf(named, "fl-0b", "1300"): whole,
			},
			false, "fl-0a 1.0",
		},
		"two flow logs in an hour": {
			map[string]string{fmt.Sprintf(named, "fl-0a", "1000"): whole, fmt.Sprintf(named, "fl-0b", "1000"): whole}, false, "",
		},
		"no name":    {map[string]string{"one.log": whole}, false, ""},
		"half named": {map[string]string{fmt.Sprintf(named, "fl-0a", "1000"): whole, "one.log": whole}, false, ""},
		"no start":   {map[string]string{fmt.Sprintf(named, "fl-0a", "1000"): noStart, fmt.Sprintf(named, "fl-0a", "1005"): whole}, true, ""},
		"no end":     {map[string]string{fmt.Sprintf(named, "fl-0a", "1000"): noEnd, fmt.Sprintf(named, "fl-0a", "1100"): whole}, true, "fl-0a 0.9"},
		"no times":   {map[string]string{fmt.Sprintf(named, "fl-0a", "1000"): neither}, true, ""},
		"some times": {
			map[string]string{
				fmt.Sprintf(named, "fl-0a", "1000"): noStart, fmt.Sprintf(named, "fl-0a", "1005"): noEnd,
				fmt.Sprintf(named, "fl-0a", "1100"): neither, fmt.Sprintf(named, "fl-0a", "1105"): whole,
			},
			true, "fl-0a 0.8",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for object, text := range tt.objects { // no two with the same bytes
				put(t, filepath.Join(dir, object), strings.ReplaceAll(text, "ENI", fmt.Sprintf("eni-%x", object)), time.Hour)
			}
			s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data")})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			report, err := s.Open(t.Context(), OpenRequest{Sources: []string{dir}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if int(report.Intake.Taken) != len(tt.objects) {
				t.Fatalf("%+v", report.Intake)
			}
			want, err := (&describer{ctx: t.Context(), engine: s.engine, kind: flowlog.KindVPC}).describe()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]KindReport{want}, report.Kinds); diff != "" {
				t.Errorf("(-records +statistics):\n%s", diff)
			}
			var gaps []string
			for _, g := range want.Gaps {
				gaps = append(gaps, fmt.Sprintf("%s %.1f", g.FlowLogID, g.To.Sub(g.From).Hours()))
			}
			if got := strings.Join(gaps, ", "); got != tt.gaps {
				t.Errorf("gaps: %s", got)
			}
			snap, err := s.lake.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			d := describer{files: snap.Files(flowlog.KindVPC, lake.Bounds{})}
			if _, _, _, known := d.span(); !known {
				t.Error("the statistics do not tell the span")
			}
			if _, one := d.oneValue(flowlog.WeirFlowLogID); one != tt.one {
				t.Errorf("of one flow log: %v", one)
			}
		})
	}
}
