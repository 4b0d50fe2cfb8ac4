package netmodel

import "testing"

// TestMAC reads the MAC address of an ENI from what says it, in all forms, and what does not.
func TestMAC(t *testing.T) {
	const mac = "02:00:00:00:00:0a"
	const answer = `{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1"`
	const instance = `{"Reservations": [{"Instances": [{"InstanceId": "i-1", "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1"`
	for name, tt := range map[string]struct {
		files   map[string]string
		want    string
		problem string
	}{
		"an interface":        {map[string]string{"a.json": answer + `, "MacAddress": "02:00:00:00:00:0a"}]}`}, mac, ""},
		"an instance":         {map[string]string{"a.json": instance + `, "MacAddress": "02:00:00:00:00:0a"}]}]}]}`}, mac, ""},
		"one of both":         {map[string]string{"a.json": answer + `}]}`, "b.json": instance + `, "MacAddress": "02:00:00:00:00:0a"}]}]}]}`}, mac, ""},
		"nobody":              {map[string]string{"a.json": answer + `}]}`}, "", ""},
		"YAML, another form":  {map[string]string{"a.yaml": "network-interfaces: {eni-1: {subnet: s, vpc: v, mac: 02-00-00-00-00-0A}}"}, mac, ""},
		"an answer of others": {map[string]string{"a.json": answer + `, "MacAddress": "here"}]}`}, "", `NetworkInterfaces[0].MacAddress: "here" is no MAC address`},
		"YAML, too long":      {map[string]string{"a.yaml": "network-interfaces: {eni-1: {subnet: s, vpc: v, mac: '02:00:00:00:00:00:00:0a'}}"}, "", `line 1, column 29: "02:00:00:00:00:00:00:0a" is no MAC address`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, tt.files)
			got, err := Load(dir)
			if tt.problem != "" {
				if len(got.Problems) != 1 || got.Problems[0].Path+": "+got.Problems[0].Reason != tt.problem {
					t.Errorf("%v %+v, want %s", err, got.Problems, tt.problem)
				}
				return
			}
			if err != nil || len(got.Problems)+len(got.Unknown) > 0 {
				t.Fatalf("%v %+v", err, got)
			}
			if i := got.Interfaces["eni-1"]; i == nil || i.MAC != tt.want {
				t.Errorf("%+v, want %s", i, tt.want)
			}
		})
	}
}
