package netmodel

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEndpointServices reads the answer of describe-vpc-endpoint-service-configurations.
func TestEndpointServices(t *testing.T) {
	const answer = `{"ServiceConfigurations": [{"ServiceType": [{"ServiceType": "GatewayLoadBalancer"}], "ServiceId": "vpce-svc-1",
		"ServiceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-1", "ServiceState": "Available", "AvailabilityZones": ["eu-west-1a"], "AcceptanceRequired": false,
		"ManagesVpcEndpoints": false, "GatewayLoadBalancerArns": ["` + elbARN + `loadbalancer/gwy/g/1"], "SupportedIpAddressTypes": ["ipv4"],
		"Tags": [{"Key": "Name", "Value": "inspection"}]}]}`
	got, err := Load(write(t, map[string]string{"a.json": answer}))
	if err != nil || len(got.Problems)+len(got.Unknown)+len(got.Unused) > 0 {
		t.Fatalf("%v %+v", err, got)
	}
	want := map[string]*EndpointService{"vpce-svc-1": {
		ID: "vpce-svc-1", Name: "inspection", Account: "111122223333", Region: "eu-west-1", Service: "com.amazonaws.vpce.eu-west-1.vpce-svc-1", State: "Available",
		LoadBalancers: []string{elbARN + "loadbalancer/gwy/g/1"},
	}}
	if diff := cmp.Diff(want, got.EndpointServices); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if missing := got.Missing(); !cmp.Equal(missing, []string{"vpce-svc-1 is of " + elbARN + "loadbalancer/gwy/g/1, which is not in the input"}) {
		t.Errorf("missing %q", missing)
	}
}
