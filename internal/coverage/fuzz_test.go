package coverage

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// FuzzOf reads any answers: whatever they hold, each resource is told what covers it, and a
// shell reads the commands as they are meant.
func FuzzOf(f *testing.F) {
	f.Add([]byte("{" + place + "," + enis + "," + flowLogs("vpc-1 ALL", "eni-1 REJECT FAILED") + "}"))
	f.Add([]byte(`{"Vpcs": [{"VpcId": "vpc-1"}], "FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "vpc-2", "TrafficType": "ALL", "LogGroupName": "it's", "LogFormat": "${asg-tag} ${x}"}]}`))
	f.Add([]byte(`{"TransitGateways": [{"TransitGatewayId": "tgw-1"}], "FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "tgw-2", "LogDestination": "a b", "LogDestinationType": "s3", "LogFormat": "start"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "a.json", Data: data}})
		if err != nil {
			return // no answer of AWS; the seeds are some
		}
		r := Of(&loaded)
		sum := 0
		for _, l := range r.FlowLogs {
			sum += l.Covers
		}
		for _, v := range r.Resources {
			sum -= len(v.FlowLogs)
			if (v.State == Covered) != (len(v.Why) == 0) {
				t.Errorf("%+v", v)
			}
		}
		if sum != 0 {
			t.Errorf("flow logs and resources disagree by %d", sum)
		}
		for _, c := range append(r.Mend, r.Replace...) {
			if diff := cmp.Diff(c.args, shellWords(c.Command)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.Command, diff)
			}
		}
	})
}

// shellWords splits a command as a POSIX shell does, but for double quotes and expansions,
// which commands of this package do not have.
func shellWords(command string) []string {
	var out []string
	var word strings.Builder
	quoted, open := false, false
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == '\'':
			quoted, open = !quoted, true
		case quoted:
			word.WriteByte(c)
		case c == ' ':
			if open {
				out = append(out, word.String())
			}
			word.Reset()
			open = false
		case c == '\\':
			i++
			word.WriteByte(command[i])
		default:
			open = true
			word.WriteByte(c)
		}
	}
	return append(out, word.String())
}
