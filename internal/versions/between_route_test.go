package versions

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/netmodel"
)

// TestRoutes asks for the routes of rtb-1 at times around imports, at 10 and 20 seconds.
func TestRoutes(t *testing.T) {
	table := func(list ...string) []netmodel.Document { // as "10.0.0.0/8 igw-1 active"
		var routes []string
		for _, r := range list {
			f := strings.Fields(r)
			routes = append(routes, fmt.Sprintf(`{"DestinationCidrBlock":%q,"GatewayId":%q,"State":%q,"Origin":"CreateRoute"}`, f[0], f[1], f[2]))
		}
		return []netmodel.Document{{Name: "routes.json", Data: fmt.Appendf(nil, `{"Vpcs":[{"VpcId":"vpc-1","OwnerId":%q,"Region":%q,"CidrBlock":"10.0.0.0/16"}],
			"RouteTables":[{"RouteTableId":"rtb-1","VpcId":"vpc-1","OwnerId":%q,"Routes":[%s]}]}`, one, east, one, strings.Join(routes, ","))}}
	}
	const (
		local  = "10.0.0.0/16 local active"
		by1    = "0.0.0.0/0 igw-1 active"
		by2    = "0.0.0.0/0 igw-2 active"
		gone   = "0.0.0.0/0 igw-1 blackhole"
		comes1 = `|CreateRoute|{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0","gatewayId":"igw-1"}|{"_return":true}`
		comes2 = `|CreateRoute|{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0","gatewayId":"igw-2"}|{"_return":true}`
		goes   = `|DeleteRoute|{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0"}|{"_return":true}`
		other  = `|ReplaceRoute|{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0","gatewayId":"igw-2"}|{"_return":true}`
	)
	for _, tt := range []struct {
		name          string
		before, after []netmodel.Document
		calls         []string
		at            int
		state         State
		want          string
	}{
		{"it came, and nobody knows when", table(local), table(local, by1), nil, 15, StateChanged, "10.0.0.0/16 to local"},
		{"before it came", table(local), table(local, by1), []string{"15" + comes1}, 14, StateDated, "10.0.0.0/16 to local"},
		{"after it came", table(local), table(local, by1), []string{"15" + comes1}, 15, StateDated, "10.0.0.0/16 to local, 0.0.0.0/0 to igw-1"},
		{"it came to another gateway", table(local), table(local, by1), []string{"15" + comes2}, 15, StateChanged, "10.0.0.0/16 to local"},
		{"it went", table(local, by1), table(local), []string{"15" + goes}, 15, StateDated, "10.0.0.0/16 to local"},
		{"before it went", table(local, by1), table(local), []string{"15" + goes}, 14, StateDated, "10.0.0.0/16 to local, 0.0.0.0/0 to igw-1"},
		{"another one in its place", table(local, by1), table(local, by2), []string{"14" + goes, "16" + comes2}, 15, StateDated, "10.0.0.0/16 to local"},
		{"another one between", table(local, by1), table(local, by1), []string{"13" + goes, "14" + comes2, "16" + goes, "17" + comes1}, 15, StateDated, "10.0.0.0/16 to local, 0.0.0.0/0 to igw-2"},
		{"its gateway is gone since", table(local), table(local, gone), []string{"15" + comes1}, 16, StateChanged, "10.0.0.0/16 to local"},
		{"replaced", table(local, by1), table(local, by2), []string{"15" + other}, 14, StateDated, "10.0.0.0/16 to local, 0.0.0.0/0 to igw-1"},
		{"replaced, and since", table(local, by1), table(local, by2), []string{"15" + other}, 15, StateDated, "10.0.0.0/16 to local, 0.0.0.0/0 to igw-2"},
		{"after the last import", table(local), nil, []string{"15" + comes1}, 16, StateLatest, "10.0.0.0/16 to local, 0.0.0.0/0 to igw-1"},
		{"before the first import, and before it came", table(local, by1), nil, []string{"5" + comes1}, 4, StateLed, "10.0.0.0/16 to local"},
		{"before the first import, and before it went", table(local), nil, []string{"5" + goes}, 4, StateChanged, "10.0.0.0/16 to local"},
		{"which was told before", table(local), nil, []string{"3" + comes2, "5" + goes}, 4, StateLed, "10.0.0.0/16 to local, 0.0.0.0/0 to igw-2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := create(t, t.TempDir())
			if _, err := s.AddChanges(t.Context(), trail(t, tt.calls...)); err != nil {
				t.Fatal(err)
			}
			days(t, s, 0, 30, true)
			mustImport(t, s, 10, tt.before...)
			if tt.after != nil {
				mustImport(t, s, 20, tt.after...)
			}
			d := mustAt(t, s, at(tt.at))
			var got []string
			list := d.RouteTables["rtb-1"].Routes
			for i := range list {
				got = append(got, list[i].String())
			}
			if in := d.InForce[0]; in.State != tt.state || strings.Join(got, ", ") != tt.want || (in.State == StateChanged) != (len(in.Changed) > 0) {
				t.Errorf("%s, %v, changed %v; want %s, %s", in.State, got, in.Changed, tt.state, tt.want)
			}
		})
	}
}
