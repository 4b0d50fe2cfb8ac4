package synth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Network is the network definition that belongs to the records of a Config, as
// the answers that the aws command line would print.
type Network struct {
	// Documents are the answers at the end of the logs' time.
	Documents []Document
	// Before are the answers before Changed, when the network ACL of the reports subnets was
	// changed.
	Before  []Document
	Changed time.Time
}

// A Document is the answer to one call.
type Document struct {
	// Call is the command, such as "describe-vpcs".
	Call string
	// Of is the id of what the answer is about, of a call whose answer does not say so.
	Of string
	// Content is the JSON text, with a line end.
	Content []byte
}

// NewNetwork returns the network of a configuration. Every interface and private
// address in the records stands in it; its rules allow what was accepted and
// explain what was refused, the story packets-after-close excepted, which no
// rule explains. It fails where the configuration is not valid.
func NewNetwork(c Config) (Network, error) {
	g, err := New(c)
	if err != nil {
		return Network{}, err
	}
	return g.Network(), nil
}

// Network returns the network of the generator's configuration; see
// [NewNetwork].
func (g *Generator) Network() Network {
	d := &describer{w: g.w, cfg: g.cfg, made: timestamp(g.cfg.Start.AddDate(0, 0, -90))}
	acls := func(changed bool) Document { return document("describe-network-acls", d.acls(changed)) }
	n := Network{
		Documents: []Document{
			document("describe-vpcs", d.vpcs()),
			document("describe-subnets", d.subnets()),
			document("describe-network-interfaces", d.interfaces()),
			document("describe-security-groups", d.groups()),
			document("describe-security-group-rules", d.groupRules()),
			acls(true),
			document("describe-route-tables", d.routeTables()),
			document("describe-internet-gateways", d.internetGateways()),
			document("describe-nat-gateways", d.natGateways()),
			document("describe-vpc-endpoints", d.endpoints()),
			document("describe-prefix-lists", d.prefixLists()),
			document("describe-instances", d.instances()),
			document("describe-flow-logs", d.flowLogs()),
			document("describe-transit-gateways", d.transitGateways()),
			document("describe-transit-gateway-vpc-attachments", d.attachments()),
			document("describe-transit-gateway-attachments", d.associations()),
			document("describe-transit-gateway-route-tables", d.gatewayTables()),
			d.gatewayRoutes(),
		},
		Changed: g.changed(),
	}
	for _, doc := range n.Documents {
		if before := acls(false); doc.Call == before.Call {
			doc = before
		}
		n.Before = append(n.Before, doc)
	}
	return n
}

// WriteDir writes each document to a file of its own below a directory, which is
// made if need be: describe-vpcs.json and so on, and, where the answer does not say
// what it is about, search-transit-gateway-routes-tgw-rtb-0123456789abcdef0.json;
// those of Before in a folder beside it, whose name ends in "-before", since a
// definition is of one time.
func (n Network) WriteDir(dir string) error {
	for _, part := range []struct {
		dir       string
		documents []Document
	}{{dir, n.Documents}, {filepath.Clean(dir) + "-before", n.Before}} {
		if err := os.MkdirAll(part.dir, 0o755); err != nil {
			return fmt.Errorf("cannot make the folder of the network definition: %w", err)
		}
		for _, d := range part.documents {
			name := d.Call
			if d.Of != "" {
				name += "-" + d.Of
			}
			if err := os.WriteFile(filepath.Join(part.dir, name+".json"), d.Content, 0o644); err != nil {
				return fmt.Errorf("cannot write the network definition: %w", err)
			}
		}
	}
	return nil
}

// document encodes an answer as the command line prints it.
func document(call string, answer any) Document {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	if err := e.Encode(answer); err != nil {
		panic(err) // the answers are plain structs
	}
	return Document{Call: call, Content: out.Bytes()}
}

// timestamp returns a time as EC2 and the command line write it.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+00:00") }

// describer answers the calls.
type describer struct {
	w    *world
	cfg  Config
	made string // when everything was made
}

// id returns the id of something that records never name.
func (d *describer) id(prefix string, n int) string {
	return awsID(d.cfg.Seed, prefix, uint64(n))
}

// arn returns the ARN of an EC2 resource.
func (d *describer) arn(resource string) string {
	return "arn:aws:ec2:" + d.cfg.Region + ":" + d.cfg.LogOwner + ":" + resource
}

// zone returns the name of an Availability Zone.
func (d *describer) zone(n int) string { return d.cfg.Region + zones[n:n+1] }

// tag is a tag of a resource.
type tag struct{ Key, Value string }

// named returns the tags of a resource: its name.
func named(name string) []tag { return []tag{{"Name", name}} }

// state is the state of something.
type state struct{ State string }
