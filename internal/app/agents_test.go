package app

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agentapi"
	"weir/internal/agentstore"
	"weir/internal/flowlogstore"
	"weir/internal/netmodel"
)

const agentDefinition = `account: "111122223333"
region: eu-west-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
subnets:
  subnet-1: {vpc: vpc-1, az: eu-west-1a, cidrs: [10.0.1.0/24]}
network-interfaces:
  eni-1: {subnet: subnet-1, addresses: [10.0.1.10], groups: []}
transit-gateways:
  tgw-1: {}
transit-gateway-attachments:
  tgw-attach-1: {transit-gateway: tgw-1, resource: vpc-1, subnets: [subnet-1]}
  tgw-attach-2: {transit-gateway: tgw-1, kind: connect}
`

// TestAgentPolicy has flow logs of each resource type, and which of them are in a policy.
func TestAgentPolicy(t *testing.T) {
	loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "net.yaml", Data: []byte(agentDefinition)}})
	if err != nil || len(loaded.Problems) > 0 {
		t.Fatal(err, loaded.Problems)
	}
	n := &agentNetwork{loaded.Network, "text"}
	all := []flowlogstore.FlowLog{}
	for _, r := range []struct {
		of flowlogstore.ResourceType
		id string
	}{
		{flowlogstore.VPC, "vpc-1"},
		{flowlogstore.Subnet, "subnet-1"},
		{flowlogstore.NetworkInterface, "eni-1"},
		{flowlogstore.VPC, "vpc-9"},
		{flowlogstore.Subnet, "vpc-1"},
		{flowlogstore.TransitGateway, "tgw-1"},
		{flowlogstore.TransitGatewayAttachment, "tgw-attach-1"},
		{flowlogstore.TransitGatewayAttachment, "tgw-attach-2"},
		{flowlogstore.TransitGatewayAttachment, "tgw-1"},
		{flowlogstore.TransitGateway, "tgw-9"},
		{flowlogstore.RegionalNATGateway, "nat-1"},
	} {
		all = append(all, flowlogstore.FlowLog{ID: "fl-" + r.id + "-" + string(r.of), ResourceID: r.id, Config: flowlogstore.Config{
			ResourceType: r.of, TrafficType: "ALL", DestinationType: "s3", Destination: "arn:aws:s3:::a", LogFormat: "${version}", MaxAggregationInterval: 60, FileFormat: "parquet", Hive: true, PerHour: true,
			TagFields: []flowlogstore.TagField{{ResourceType: "instance", Keys: []string{"k"}}},
		}})
	}
	p, skipped := n.policy(all, &Local{account: DefaultAccount, region: DefaultRegion})
	want := &agentapi.Policy{Network: "text"}
	for _, id := range []string{"vpc-1-VPC", "subnet-1-Subnet", "eni-1-NetworkInterface", "tgw-1-TransitGateway", "tgw-attach-1-TransitGatewayAttachment"} {
		resource := id[:strings.LastIndex(id, "-")]
		want.FlowLogs = append(want.FlowLogs, agentapi.FlowLog{
			ID: "fl-" + id, Resource: resource, Account: "111122223333", Region: "eu-west-1", Traffic: "ALL", DestinationType: "s3", Destination: "arn:aws:s3:::a", Format: "${version}", Interval: 60,
			FileFormat: "parquet", Hive: true, Hourly: true, TagFields: []agentapi.TagField{{ResourceType: "instance", Keys: []string{"k"}}},
		})
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{
		"fl-vpc-9-VPC": "there is no vpc-9 in the network definition that is in force", "fl-vpc-1-Subnet": "there is no vpc-1 in the network definition that is in force",
		"fl-tgw-attach-2-TransitGatewayAttachment": "tgw-attach-2 is a Connect attachment: flow logs have its traffic at the transport attachment",
		"fl-tgw-1-TransitGatewayAttachment":        "there is no tgw-1 in the network definition that is in force",
		"fl-tgw-9-TransitGateway":                  "there is no tgw-9 in the network definition that is in force",
		"fl-nat-1-RegionalNatGateway":              "agents make no flow logs of the resource type RegionalNatGateway",
	}, skipped); diff != "" {
		t.Error(diff)
	}
}

// TestServeAgents has an agent join a server that runs, and get the policy of each definition and each flow log; what it says of delivery is said of the flow log.
func TestServeAgents(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	url := make(chan string, 1)
	_, stop := serve(t, ServeOptions{Data: data, Agents: AgentListen{Listen: "127.0.0.1:0", Ready: func(at string) { url <- at }}})
	store, err := agentstore.Open(t.Context(), data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	pin, ok, err := store.Pin(t.Context())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	token, _, err := store.CreateToken(t.Context(), pin, "", 1, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	at, credential := <-url, agentapi.NewSecret()
	first := agentapi.NewClient(at, pin, "", "")
	joined, err := first.Join(t.Context(), &agentapi.Join{TokenID: token.ID, TokenSecret: token.Secret, Name: "a", Version: "1", Credential: credential})
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	c := agentapi.NewClient(at, pin, joined.AgentID, credential)
	defer c.Close()
	var had agentapi.Policy
	next := func() {
		t.Helper()
		text, err := c.Policy(t.Context(), had.Generation, had.Digest)
		if err != nil {
			t.Fatal(err)
		}
		had = agentapi.Policy{}
		if err := agentapi.Decode(text, &had); err != nil {
			t.Fatal(err)
		}
	}
	imported := func(text string) {
		t.Helper()
		if _, err := ImportNetwork(t.Context(), data, []netmodel.Document{{Name: "net.yaml", Data: []byte(text)}}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	imported(agentDefinition)
	next()
	if had.Generation != 1 || !strings.Contains(had.Network, "eni-1:") || len(had.FlowLogs) != 0 {
		t.Errorf("%+v", had)
	}
	service, err := Dial(t.Context(), data, testVersion)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	call := func(operation, in string) string {
		t.Helper()
		out, err := service.CallAPI(t.Context(), "ec2", operation, []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	call("CreateFlowLogs", `{"ResourceType":"VPC","ResourceId":["vpc-1"],"TrafficType":"ALL","LogDestinationType":"s3","LogDestination":"arn:aws:s3:::logs"}`)
	next()
	if had.Generation != 2 || len(had.FlowLogs) != 1 || had.FlowLogs[0].Account != "111122223333" || had.FlowLogs[0].Region != "eu-west-1" {
		t.Fatalf("%+v", had)
	}
	imported(strings.ReplaceAll(agentDefinition, "eni-1", "eni-2"))
	next()
	if had.Generation != 3 || !strings.Contains(had.Network, "eni-2:") {
		t.Errorf("%+v", had)
	}
	tick := time.NewTicker(agentsEvery / 4) // states of delivery are looked at by the server's clock, and nothing tells when
	defer tick.Stop()
	for _, of := range []struct{ said, shown string }{
		{"Access error: put", `"deliverLogsErrorMessage":"Access error: put"`}, {"no disk", `"deliverLogsErrorMessage":"Unknown error: no disk"`}, {"", `"SUCCESS"`},
	} {
		if err := c.Report(t.Context(), &agentapi.Report{Version: "1", FlowLogs: []agentapi.FlowLogReport{{ID: had.FlowLogs[0].ID, Error: of.said}}}); err != nil {
			t.Fatal(err)
		}
		for out := ""; !strings.Contains(out, of.shown) || strings.Contains(out, `"FAILED"`) == (of.said == ""); <-tick.C {
			out = call("DescribeFlowLogs", `{}`)
		}
	}

	// What is there is no page, and what is no TLS is not answered.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	status, body := get(t, &http.Client{Transport: transport}, at+"/", "")
	if status != http.StatusNotFound || !strings.Contains(body, "weir-agent alone is answered") {
		t.Errorf("%d: %s", status, body)
	}
	if answer, err := http.Get(strings.Replace(at, "https", "http", 1)); err == nil {
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			t.Errorf("without TLS: %s", text)
		}
	}

	// The server ends though a request is held.
	held := make(chan error)
	go func() {
		_, err := c.Policy(context.Background(), had.Generation, had.Digest)
		held <- err
	}()
	if err := stop(); err != nil {
		t.Error(err)
	}
	<-held // by an answer or by an error: both are the end of it

	// Another key is refused, and with it the same certificate is not.
	other := t.TempDir()
	if _, err := agentstore.Certificate(other, time.Now()); err != nil {
		t.Fatal(err)
	}
	pem := filepath.Join(other, "secrets", "agents.pem")
	err = Serve(t.Context(), ServeOptions{Data: data, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Agents: AgentListen{Listen: "127.0.0.1:0", TLSCert: pem, TLSKey: pem}})
	if e := new(UsageError); !errors.As(err, &e) || !strings.Contains(e.Message, "another key") {
		t.Errorf("%v", err)
	}
}
