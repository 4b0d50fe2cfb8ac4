package netmodel

import "testing"

// TestPrimary reads which ENI of an instance is the primary one.
func TestPrimary(t *testing.T) {
	const eni = `{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "PrivateIpAddress": "10.0.1.10", "Attachment": `
	for name, tt := range map[string]struct {
		document string
		want     bool
	}{
		"the first":           {eni + `{"InstanceId": "i-1", "DeviceIndex": 0, "NetworkCardIndex": 0}}]}`, true},
		"the second":          {eni + `{"InstanceId": "i-1", "DeviceIndex": 1, "NetworkCardIndex": 0}}]}`, false},
		"of the second card":  {eni + `{"InstanceId": "i-1", "DeviceIndex": 0, "NetworkCardIndex": 1}}]}`, false},
		"of no instance":      {eni + `{"DeviceIndex": 0}}]}`, false},
		"not said":            {eni + `{"InstanceId": "i-1"}}]}`, false},
		"as an instance says": {`{"Reservations": [{"Instances": [{"InstanceId": "i-1", "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "PrivateIpAddress": "10.0.1.10", "Attachment": {"DeviceIndex": 0}}]}]}]}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Load(write(t, map[string]string{"a.json": tt.document}))
			if err != nil || len(got.Problems)+len(got.Unknown) > 0 {
				t.Fatalf("%v %+v", err, got)
			}
			if i := got.Interfaces["eni-1"]; i == nil || i.Primary != tt.want {
				t.Errorf("%+v, want primary %v", i, tt.want)
			}
		})
	}
}
