package netmodel

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// peered are the answers of two regions about a peering between them, which has one id.
var peered = map[string]string{
	"us/attachments.json": `{"TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-b", "ResourceType": "peering", "ResourceId": "tgw-a",
		"ResourceOwnerId": "111122223333", "State": "available", "Association": {"TransitGatewayRouteTableId": "tgw-rtb-b", "State": "associated"}, "Tags": [{"Key": "Name", "Value": "to Ireland"}]}]}`,
	"us/peerings.json": `{"TransitGatewayPeeringAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "available", "Tags": [{"Key": "Name", "Value": "to Ireland"}],
		"RequesterTgwInfo": {"TransitGatewayId": "tgw-b", "OwnerId": "111122223333", "Region": "us-east-1"}, "AccepterTgwInfo": {"TransitGatewayId": "tgw-a", "OwnerId": "111122223333", "Region": "eu-west-1"}}]}`,
	"eu/attachments.json": `{"TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-a", "ResourceType": "peering", "ResourceId": "tgw-b",
		"ResourceOwnerId": "111122223333", "State": "modifying", "Tags": [{"Key": "Name", "Value": "to Virginia"}]}]}`,
	"eu/peerings.json": `{"TransitGatewayPeeringAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "modifying",
		"RequesterTgwInfo": {"TransitGatewayId": "tgw-b", "OwnerId": "111122223333", "Region": "us-east-1"}, "AccepterTgwInfo": {"TransitGatewayId": "tgw-a", "OwnerId": "111122223333", "Region": "eu-west-1"}}]}`,
	"eu/associations.json": `{"TransitGatewayRouteTableId": "tgw-rtb-a", "Associations": [{"TransitGatewayAttachmentId": "tgw-attach-1", "ResourceId": "tgw-b", "ResourceType": "peering", "State": "associated"}]}`,
	"us/tgw.json":          `{"TransitGateways": [{"TransitGatewayId": "tgw-b", "TransitGatewayArn": "arn:aws:ec2:us-east-1:111122223333:transit-gateway/tgw-b", "State": "available"}]}`,
	"eu/tgw.json":          `{"TransitGateways": [{"TransitGatewayId": "tgw-a", "TransitGatewayArn": "arn:aws:ec2:eu-west-1:111122223333:transit-gateway/tgw-a", "State": "available"}]}`,
}

// TestPeeringOfOneID loads both sides of a peering, in any order: each is kept.
func TestPeeringOfOneID(t *testing.T) {
	want := &TransitGatewayAttachment{
		ID: "tgw-attach-1", Name: "to Virginia", Account: "111122223333", TransitGateway: "tgw-a", Kind: "peering", Resource: "tgw-b", State: "modifying",
		RouteTable: "tgw-rtb-a", Association: "associated",
		Requester: TransitGatewaySide{"tgw-b", "111122223333", "us-east-1"}, Accepter: TransitGatewaySide{"tgw-a", "111122223333", "eu-west-1"},
		Far: TransitGatewayHalf{"to Ireland", "111122223333", "tgw-b", "tgw-a", "available", "tgw-rtb-b", "associated"},
	}
	var docs []Document
	for name, text := range peered {
		docs = append(docs, Document{Name: name, Data: []byte(text)})
	}
	for seed := range uint64(50) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		got, err := LoadDocuments(docs)
		if err != nil || len(got.Problems) > 0 {
			t.Fatalf("%v %v", err, got.Problems)
		}
		if diff := cmp.Diff(want, got.TransitGatewayAttachments["tgw-attach-1"]); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	seen := want.SeenFrom("tgw-b")
	if seen.RouteTable != "tgw-rtb-b" || seen.Far.RouteTable != "tgw-rtb-a" || want.SeenFrom("tgw-a") != want || want.SeenFrom("tgw-c") != want || want.SeenFrom("") != want {
		t.Errorf("seen from the other side it is %+v", seen)
	}
	if alone := (&TransitGatewayAttachment{Kind: "peering", TransitGateway: "tgw-a"}); alone.SeenFrom("") != alone {
		t.Error("one without another side is turned")
	}

	// Each region by itself, though the other one is known.
	parts, err := Split(docs, map[string]Place{"tgw-a": {"111122223333", "eu-west-1"}, "tgw-b": {"111122223333", "us-east-1"}})
	if err != nil || len(parts) != 2 {
		t.Fatalf("%d parts: %v", len(parts), err)
	}
	for i, region := range []string{"eu-west-1", "us-east-1"} {
		got, err := LoadDocuments(parts[i].Documents)
		if err != nil || parts[i].Region != region {
			t.Fatalf("%v: %v", parts[i].Place, err)
		}
		if a := got.TransitGatewayAttachments["tgw-attach-1"]; a == nil || a.Far != (TransitGatewayHalf{}) || a.TransitGateway != []string{"tgw-a", "tgw-b"}[i] {
			t.Errorf("%s: %+v", region, a)
		}
	}

	// A side that is described twice, and otherwise.
	docs = append(docs, Document{Name: "us/again.json", Data: []byte(`{"TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1",
		"TransitGatewayId": "tgw-b", "ResourceType": "peering", "ResourceId": "tgw-a", "State": "deleting"}]}`)})
	if got, err := LoadDocuments(docs); err == nil && len(got.Problems) == 0 {
		t.Error("a side with two states is taken")
	}
	if _, ok := want.with(&TransitGatewayAttachment{ID: "tgw-attach-1", Kind: "peering", TransitGateway: "tgw-c", Resource: "tgw-d"}); ok {
		t.Error("a third side is taken")
	}
}
