package app

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/synth"
)

// natFormats are AWS's default format, and one that shows what is translated.
var natFormats = map[string]string{
	"default": "",
	"pkt": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} " +
		"${action} ${log-status} ${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction}",
}

// TestNATOfSynth compares what NAT gateways of a synthetic day drop, and what passes them, with
// what was planted there.
func TestNATOfSynth(t *testing.T) {
	for name, text := range natFormats {
		t.Run(name, func(t *testing.T) {
			c := synth.DefaultConfig()
			c.Records = 40_000
			if text != "" {
				f, err := flowlog.ParseLogFormat(text)
				if err != nil {
					t.Fatal(err)
				}
				c.Format = f
			}
			r, stories := natOfSynth(t, c)
			if len(r.Gateways) != 4 {
				t.Fatalf("%d NAT gateways", len(r.Gateways))
			}
			checkNATOfSynth(t, r, stories)
			if text != "" {
				checkUpload(t, r, stories)
			}
		})
	}
}

// natOfSynth makes a day with its definition, takes it in, and asks about its NAT gateways.
func natOfSynth(t *testing.T, c synth.Config) (*NATReport, map[string]synth.Story) {
	t.Helper()
	dir, logs, data := t.TempDir(), t.TempDir(), t.TempDir()
	made, err := synth.NewNetwork(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	sum, err := synth.WriteDir(t.Context(), logs, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	stories := map[string]synth.Story{}
	for _, s := range sum.Stories {
		stories[s.Name] = s
	}
	docs, err := netmodel.ReadDocuments(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ImportNetwork(t.Context(), data, docs, c.Start); err != nil {
		t.Fatal(err)
	}
	l, err := OpenLocal(t.Context(), LocalOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Open(t.Context(), OpenRequest{Sources: []string{logs}}, nil); err != nil {
		t.Fatal(err)
	}
	r, err := NAT(t.Context(), l, NATRequest{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	return r, stories
}

// checkNATOfSynth checks that just the planted records came unasked, and are dropped.
func checkNATOfSynth(t *testing.T, r *NATReport, stories map[string]synth.Story) {
	t.Helper()
	planted := stories["nat-gateway-unsolicited"]
	for _, g := range r.Gateways {
		want, outcome := diagnose.Tally{}, diagnose.NATQuiet
		if g.Name == "nat-1" {
			want, outcome = diagnose.Tally{Records: planted.Records, Bytes: planted.Bytes}, diagnose.NATDropped
		}
		if g.Arrived.Unsolicited != want || g.Outcome != outcome || g.Arrived.Late.Records+g.Arrived.Undecided.Records > 0 {
			t.Errorf("%s: %s, %+v, want %+v", g.Name, g.Outcome, g.Arrived, want)
		}
		if g.Arrived.Replies.Records == 0 {
			t.Errorf("%s: no replies", g.Name)
		}
		let := diagnose.Tally{}
		for _, rule := range g.LetIn {
			if !rule.Allows || !strings.Contains(rule.Rule, ":ingress:") {
				t.Errorf("%s: %+v", g.Name, rule)
			}
			let.Add(rule.Records, rule.Bytes)
		}
		sent := diagnose.Tally{}
		for _, h := range g.Hosts {
			sent.Add(h.Records, h.Bytes)
		}
		if let != want || sent != want || g.MoreHosts != 0 {
			t.Errorf("%s: rules let in %+v, hosts sent %+v, want %+v", g.Name, let, sent, want)
		}
	}
}

// checkUpload checks that the planted upload is joined exactly: one host alone sent there.
func checkUpload(t *testing.T, r *NATReport, stories map[string]synth.Story) {
	t.Helper()
	want := diagnose.Tally{Records: stories["large-upload"].Records, Bytes: stories["large-upload"].Bytes}
	found := 0
	for _, g := range r.Gateways {
		for _, j := range g.Joined {
			if (j.Join == diagnose.JoinExact) != (j.Clients == 1) || j.At == nil || len(j.ClientInterfaces) != 1 {
				t.Errorf("%+v", j)
				continue
			}
			// Both legs and the client's own interface record the same packets.
			if j.ClientLeg.Out.Bytes != j.At.Out.Bytes || j.ClientLeg.In.Bytes != j.At.In.Bytes || j.Join == diagnose.JoinExact && j.Internet.Out.Bytes != j.At.Out.Bytes {
				t.Errorf("%+v: its legs differ: %+v, %+v", j, j.At, j.Internet)
			}
			if j.Host != "203.0.113.43" {
				continue
			}
			found++
			if j.At.Out != want || j.Internet.Out != want || j.Join != diagnose.JoinExact {
				t.Errorf("the upload: %+v, %+v, want %+v", j.At, j.Internet, want)
			}
		}
	}
	if found != 1 {
		t.Errorf("the upload was found %d times", found)
	}
}

// TestPrivate asks about addresses of both families at once: the engine may cast what it does not need.
func TestPrivate(t *testing.T) {
	l, err := OpenLocal(t.Context(), LocalOptions{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := map[string]bool{}
	sql := "SELECT a, " + private("a") + " FROM (VALUES ('10.0.0.1'), ('172.16.0.1'), ('172.32.0.1'), ('100.64.0.1'), ('100.1.0.1'), ('192.168.1.1'), ('203.0.113.1'), ('2001:db8::1'), ('::ffff'), ('')) v(a)"
	if err := eachSQLRow(t.Context(), l, SQLRequest{SQL: sql}, func(row []any) error { got[row[0].(string)] = row[1].(bool); return nil }); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"10.0.0.1": true, "172.16.0.1": true, "172.32.0.1": false, "100.64.0.1": true, "100.1.0.1": false, "192.168.1.1": true, "203.0.113.1": false, "2001:db8::1": false, "::ffff": false, "": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
