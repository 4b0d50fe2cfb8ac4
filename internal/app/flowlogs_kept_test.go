package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/flowlogstore"
	"weir/internal/netmodel"
)

// TestFlowLogsOfNetwork makes flow logs where nobody knows the network, and where a definition was imported: of what that has of a type, others are
// refused; of a type of which it has nothing, all are taken.
func TestFlowLogsOfNetwork(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s, err := OpenLocal(t.Context(), LocalOptions{Data: data, Account: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	store, err := s.openFlowLogs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	create := func(of flowlogstore.ResourceType, id string) string {
		r := flowlogstore.Request{ResourceIDs: []string{id}, Config: flowlogstore.Config{
			ResourceType: of, TrafficType: "ALL", LogGroup: "g", DeliverLogsPermissionARN: "arn:aws:iam::111122223333:role/r",
		}}
		if strings.HasPrefix(id, "tgw-") {
			r.TrafficType, r.MaxAggregationInterval = "", 60
		}
		_, err := store.Create(t.Context(), r)
		refused := new(flowlogstore.Error)
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		return refused.Code
	}
	if code := create(flowlogstore.VPC, "vpc-8"); code != "" {
		t.Errorf("where nothing was imported: %s", code)
	}
	file := filepath.Join(t.TempDir(), "network.json")
	if err := os.WriteFile(file, []byte(`{
"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "111122223333"}],
"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "OwnerId": "111122223333", "AvailabilityZone": "us-east-1a"}],
"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "OwnerId": "111122223333", "AvailabilityZone": "us-east-1a", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.5", "Primary": true}]}],
"TransitGateways": [{"TransitGatewayId": "tgw-1", "TransitGatewayArn": "arn:aws:ec2:us-east-1:111122223333:transit-gateway/tgw-1", "OwnerId": "111122223333", "State": "available"}],
"TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "TransitGatewayOwnerId": "111122223333", "ResourceOwnerId": "111122223333", "ResourceType": "vpc", "ResourceId": "vpc-1", "State": "available"}]
}`), 0o600); err != nil {
		t.Fatal(err)
	}
	docs, err := netmodel.ReadDocuments(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range docs {
		docs[i].Account, docs[i].Region = "111122223333", "us-east-1"
	}
	if _, err := ImportNetwork(t.Context(), data, docs, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	for id, of := range map[string]flowlogstore.ResourceType{
		"vpc-": flowlogstore.VPC, "subnet-": flowlogstore.Subnet, "eni-": flowlogstore.NetworkInterface, "tgw-": flowlogstore.TransitGateway, "tgw-attach-": flowlogstore.TransitGatewayAttachment,
	} {
		if code := create(of, id+"1"); code != "" {
			t.Errorf("%s1: %s", id, code)
		}
		if code := create(of, id+"2"); !strings.HasSuffix(code, ".NotFound") {
			t.Errorf("%s2: %q", id, code)
		}
	}
	if code := create(flowlogstore.RegionalNATGateway, "nat-1"); code != "" {
		t.Errorf("nothing is known of NAT gateways: %s", code)
	}
}

// TestRegionalNATGateways tells which NAT gateways are resources of flow logs: those that are not said to be zonal.
func TestRegionalNATGateways(t *testing.T) {
	var n netmodel.Network
	n.NATGateways = map[string]*netmodel.NATGateway{"nat-zonal": {Availability: "zonal"}}
	if _, some := resourcesOf(&n, flowlogstore.RegionalNATGateway); some {
		t.Error("a zonal NAT gateway is one")
	}
	n.NATGateways["nat-regional"], n.NATGateways["nat-unsaid"] = &netmodel.NATGateway{Availability: "regional"}, &netmodel.NATGateway{}
	has, some := resourcesOf(&n, flowlogstore.RegionalNATGateway)
	if !some || !has("nat-regional") || !has("nat-unsaid") || has("nat-zonal") || has("nat-other") || len(n.NATGateways) != 3 {
		t.Errorf("some %v of %v", some, n.NATGateways)
	}
}
