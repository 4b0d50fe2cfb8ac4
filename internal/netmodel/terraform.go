package netmodel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Terraform's states and plans, as `terraform show -json` prints them, are made into answers
// of AWS, which are read as such: a state has no kind of thing that answers have not. What
// Terraform keeps as resources of their own (rules, entries, routes, associations) goes into
// the thing that it is of. What is not in the state is not there, but for what AWS makes
// itself: local routes, and the routes to gateway endpoints.
//
// Source: Terraform, "JSON Output Format" (format version 1); the AWS provider's reference.

// terraformDoc is a state or a plan.
type terraformDoc struct {
	FormatVersion string `json:"format_version"`
	Values        *struct {
		RootModule terraformModule `json:"root_module"`
	} `json:"values"`
	PlannedValues *struct {
		RootModule terraformModule `json:"root_module"`
	} `json:"planned_values"`
	ResourceChanges []terraformChange `json:"resource_changes"`
}

type terraformChange struct {
	Address string `json:"address"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Change  struct {
		Actions      []string        `json:"actions"`
		Before       map[string]any  `json:"before"`
		AfterUnknown json.RawMessage `json:"after_unknown"`
	} `json:"change"`
}

type terraformModule struct {
	Resources    []terraformResource `json:"resources"`
	ChildModules []terraformModule   `json:"child_modules"`
}

type terraformResource struct {
	Address string         `json:"address"`
	Mode    string         `json:"mode"`
	Type    string         `json:"type"`
	Values  map[string]any `json:"values"`

	at      string // in the document
	unknown map[string]any
	t       *terraform
}

// isTerraform reports whether a document's members are those of a state or a plan.
func isTerraform(keys map[string]json.RawMessage) bool {
	return keys["format_version"] != nil && (keys["values"] != nil || keys["planned_values"] != nil || keys["terraform_version"] != nil || len(keys) == 1)
}

// terraform makes answers of resources.
type terraform struct {
	resources []*terraformResource
	lists     map[string][]object // answers, by key
	things    map[string]object   // by key and id
	places    map[string]string   // by place in the answers
	where     map[string]string   // place in the answers, by key and id
	told      map[string]string   // what resources say of others: the network ACL of a subnet, the target of a route...
	rules     map[string]bool     // of groups, entries of network ACLs and routes that are there
	inline    map[string][]string // what Terraform has within a thing, by thing
	own       map[string]bool     // what is a resource of its own, and the things of which some is
	gone      map[string]bool     // what a plan takes away
	unused    []string
	unknown   []string // values that a plan does not know yet
	err       error    // the first
}

// terraformAnswers returns the answers that a state or a plan is made into.
func terraformAnswers(data []byte) (*terraform, []byte, error) {
	var doc terraformDoc
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, nil, bad(wrong.Field, "%s where %s is expected", wrong.Value, wrong.Type)
		}
		return nil, nil, bad("", "no JSON: %w", err)
	}
	if major, _, _ := strings.Cut(doc.FormatVersion, "."); major != "0" && major != "1" {
		return nil, nil, bad("format_version", "%q is no version of Terraform's format that is known: 1", doc.FormatVersion)
	}
	t := &terraform{lists: map[string][]object{}, things: map[string]object{}, places: map[string]string{}, where: map[string]string{}, told: map[string]string{}, rules: map[string]bool{}, inline: map[string][]string{}, own: map[string]bool{}, gone: map[string]bool{}}
	switch {
	case doc.PlannedValues != nil:
		t.module(&doc.PlannedValues.RootModule, "planned_values.root_module")
	case doc.Values != nil:
		t.module(&doc.Values.RootModule, "values.root_module")
	default:
		return nil, nil, bad("", "an empty state of Terraform")
	}
	unknown := map[string]map[string]any{}
	for _, c := range doc.ResourceChanges {
		var of map[string]any
		if json.Unmarshal(c.Change.AfterUnknown, &of) == nil {
			unknown[c.Address] = of
		}
	}
	for _, r := range t.resources {
		r.unknown = unknown[r.Address]
	}
	t.leave(doc.ResourceChanges)
	t.read()
	if doc.PlannedValues == nil {
		t.checkInline()
	}
	if t.err == nil && len(t.unknown) > 0 {
		t.err = bad("", "a plan with values that are known after apply: %s", few(set(t.unknown)))
	}
	if t.err != nil {
		return nil, nil, t.err
	}
	out, err := json.Marshal(t.lists)
	return t, out, err
}

// readTerraform reads a state or a plan as the answers that it is made into, with the places of
// its resources.
func readTerraform(name string, data []byte) *file {
	t, made, err := terraformAnswers(data)
	if err != nil {
		f := &file{name: name, part: newPart(), problem: &Problem{File: name, Reason: err.Error()}}
		if bad, ok := errors.AsType[*badPlace](err); ok {
			f.problem = bad.problem(f)
		}
		return f
	}
	if len(t.lists) == 0 {
		f := &file{name: name, part: newPart(), unused: t.unused}
		f.problem = &Problem{File: name, Reason: "a state of Terraform with nothing of a network"}
		return f
	}
	f := readFile(name, made)
	f.unused = t.unused
	if f.problem != nil {
		f.problem.Path = t.place(f.problem.Path)
	}
	for id, at := range f.part.at {
		f.part.at[id] = t.place(at)
	}
	return f
}

// few names things, not all of many.
func few(list []string) string {
	const most = 8
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

func (t *terraform) module(m *terraformModule, at string) {
	for i := range m.Resources {
		r := &m.Resources[i]
		r.at, r.t = fmt.Sprintf("%s.resources[%d] (%s)", at, i, r.Address), t
		t.resources = append(t.resources, r)
	}
	for i := range m.ChildModules {
		t.module(&m.ChildModules[i], fmt.Sprintf("%s.child_modules[%d]", at, i))
	}
}

// terraformTypes are the types of resources in the order in which they are read: what goes
// into a thing comes behind it.
var terraformTypes = []struct {
	types string
	read  func(t *terraform, r *terraformResource)
}{
	{"aws_vpc aws_default_vpc", (*terraform).vpc},
	{"aws_vpc_ipv4_cidr_block_association", (*terraform).vpcCIDR},
	{"aws_vpc_ipv6_cidr_block_association", (*terraform).vpcCIDR},
	{"aws_subnet aws_default_subnet", (*terraform).subnet},
	{"aws_ec2_managed_prefix_list", (*terraform).prefixList},
	{"aws_ec2_managed_prefix_list_entry", (*terraform).prefixListEntry},
	{"aws_security_group aws_default_security_group", (*terraform).securityGroup},
	{"aws_security_group_rule", (*terraform).securityGroupRule},
	{"aws_vpc_security_group_ingress_rule aws_vpc_security_group_egress_rule", (*terraform).vpcSecurityGroupRule},
	{"aws_network_acl aws_default_network_acl", (*terraform).networkACL},
	{"aws_network_acl_rule", (*terraform).networkACLRule},
	{"aws_network_acl_association", (*terraform).networkACLAssociation},
	{"aws_network_interface", (*terraform).networkInterface},
	{"aws_instance", (*terraform).instance},
	{"aws_network_interface_attachment", (*terraform).interfaceAttachment},
	{"aws_network_interface_sg_attachment", (*terraform).interfaceGroup},
	{"aws_internet_gateway", (*terraform).internetGateway},
	{"aws_egress_only_internet_gateway", (*terraform).egressOnlyInternetGateway},
	{"aws_vpn_gateway", (*terraform).vpnGateway},
	{"aws_internet_gateway_attachment aws_vpn_gateway_attachment", (*terraform).gatewayAttachment},
	{"aws_eip", (*terraform).elasticIP},
	{"aws_eip_association", (*terraform).elasticIPAssociation},
	{"aws_nat_gateway", (*terraform).natGateway},
	{"aws_vpc_peering_connection", (*terraform).peeringConnection},
	{"aws_vpc_peering_connection_accepter", (*terraform).peeringAccepter},
	{"aws_route_table aws_default_route_table", (*terraform).routeTable},
	{"aws_route", (*terraform).route},
	{"aws_route_table_association", (*terraform).routeTableAssociation},
	{"aws_main_route_table_association", (*terraform).mainRouteTable},
	{"aws_vpn_gateway_route_propagation", (*terraform).routePropagation},
	{"aws_vpc_endpoint", (*terraform).vpcEndpoint},
	{"aws_vpc_endpoint_route_table_association aws_vpc_endpoint_subnet_association aws_vpc_endpoint_security_group_association", (*terraform).endpointAssociation},
	{"aws_ec2_transit_gateway", (*terraform).transitGateway},
	{"aws_ec2_transit_gateway_route_table", (*terraform).transitRouteTable},
	{"aws_ec2_transit_gateway_vpc_attachment", (*terraform).transitVPCAttachment},
	{"aws_ec2_transit_gateway_vpc_attachment_accepter", (*terraform).transitVPCAttachment},
	{"aws_ec2_transit_gateway_peering_attachment", (*terraform).transitPeering},
	{"aws_ec2_transit_gateway_connect", (*terraform).transitConnect},
	{"aws_ec2_transit_gateway_route_table_association", (*terraform).transitAssociation},
	{"aws_ec2_transit_gateway_route_table_propagation", (*terraform).transitPropagation},
	{"aws_ec2_transit_gateway_route aws_ec2_transit_gateway_prefix_list_reference", (*terraform).transitRoute},
	{"aws_lb aws_alb", (*terraform).loadBalancer},
	{"aws_lb_target_group aws_alb_target_group", (*terraform).targetGroup},
	{"aws_lb_target_group_attachment aws_alb_target_group_attachment", (*terraform).target},
	{"aws_lb_listener aws_alb_listener", (*terraform).listener},
	{"aws_lb_listener_rule aws_alb_listener_rule", (*terraform).listenerRule},
	{"aws_elb", (*terraform).classicLoadBalancer},
	{"aws_flow_log", (*terraform).flowLog},
	{"aws_db_subnet_group", terraformSubnetGroup("DBSubnetGroups", "DBSubnetGroupName", "DBSubnetGroupArn")},
	{"aws_elasticache_subnet_group", terraformSubnetGroup("CacheSubnetGroups", "CacheSubnetGroupName", "ARN")},
	{"aws_redshift_subnet_group", terraformSubnetGroup("ClusterSubnetGroups", "ClusterSubnetGroupName", "")},
	{"aws_db_instance aws_rds_cluster_instance", (*terraform).dbInstance},
	{"aws_rds_cluster", (*terraform).dbCluster},
	{"aws_elasticache_cluster", (*terraform).cacheCluster},
	{"aws_elasticache_replication_group", (*terraform).replicationGroup},
	{"aws_redshift_cluster", (*terraform).redshiftCluster},
}

// terraformIgnored are types of resources of networks that decide nothing about packets: DHCP
// options say which names and name servers hosts are given, and the rest belongs to databases
// whose ENIs, groups and subnets are said elsewhere. They are not in [Loaded.Unused].
var terraformIgnored = map[string]bool{
	"aws_vpc_dhcp_options": true, "aws_vpc_dhcp_options_association": true, "aws_default_vpc_dhcp_options": true,
	"aws_db_parameter_group": true, "aws_db_option_group": true, "aws_rds_cluster_parameter_group": true, "aws_elasticache_parameter_group": true,
	"aws_redshift_parameter_group": true, "aws_lb_listener_certificate": true, "aws_alb_listener_certificate": true,
}

// read reads all resources, type by type.
func (t *terraform) read() {
	known := map[string]bool{}
	for _, of := range terraformTypes {
		for name := range strings.FieldsSeq(of.types) {
			known[name] = true
			for _, r := range t.resources {
				if r.Type == name && r.Mode != "data" && t.err == nil {
					of.read(t, r)
				}
			}
		}
	}
	for _, r := range t.resources {
		switch {
		case !strings.HasPrefix(r.Type, "aws_") || terraformIgnored[r.Type]:
		case r.Mode == "data":
			t.unused = append(t.unused, "data."+r.Type)
		case !known[r.Type]:
			t.unused = append(t.unused, r.Type)
		}
	}
	t.madeByAWS()
}

// add adds an answer's element, which stands for the resource.
func (t *terraform) add(r *terraformResource, key, id string, v object) object {
	if id == "" {
		if len(t.unknown) == 0 {
			r.fail("no id")
		}
		return v // a plan's, which is refused
	}
	if t.things[key+" "+id] != nil {
		r.fail("%s is there before", id)
		return v
	}
	t.places[fmt.Sprintf("%s[%d]", key, len(t.lists[key]))] = r.at
	t.where[key+" "+id] = fmt.Sprintf("%s[%d]", key, len(t.lists[key]))
	t.things[key+" "+id] = v
	t.lists[key] = append(t.lists[key], v)
	return v
}

// of returns the element that a resource is of; nil, and noted, where the state does not have
// it.
func (t *terraform) of(r *terraformResource, key, id string) object {
	v := t.things[key+" "+id]
	if v == nil && id != "" {
		t.unused = append(t.unused, fmt.Sprintf("%s (of %s, which is not in the state)", r.Address, id))
	}
	return v
}

// push adds to a list of an element of an answer, for a resource.
func (t *terraform) push(r *terraformResource, key, id, member string, v object) {
	of := t.things[key+" "+id]
	if of == nil {
		return // what could not be added
	}
	list, _ := of[member].([]object)
	t.places[fmt.Sprintf("%s.%s[%d]", t.where[key+" "+id], member, len(list))] = r.at
	of[member] = append(list, v)
}

// place returns where the resource stands that a place in the answers is of.
func (t *terraform) place(at string) string {
	for from := at; from != ""; from = from[:max(strings.LastIndexByte(from, '.'), 0)] {
		if p, ok := t.places[from]; ok {
			return p
		}
	}
	return at
}

// fail notes what is wrong with a resource.
func (r *terraformResource) fail(format string, args ...any) {
	if r.t.err == nil {
		r.t.err = bad(r.at, format, args...)
	}
}

// get returns a value, nil where there is none. One that a plan does not know is noted.
func (r *terraformResource) get(key string) any {
	if later, ok := r.unknown[key]; ok && later == true {
		r.t.unknown = append(r.t.unknown, r.Address+"."+key)
	}
	return r.Values[key]
}

func (r *terraformResource) text(key string) string { return r.asText(key, r.get(key)) }

func (r *terraformResource) asText(key string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	r.fail("%s is no text", key)
	return ""
}

// known returns a text that a plan need not know, as an id that nothing refers to.
func (r *terraformResource) known(key string) string { return r.asText(key, r.Values[key]) }

func (r *terraformResource) truth(key string) bool {
	switch v := r.get(key).(type) {
	case nil:
		return false
	case bool:
		return v
	}
	r.fail("%s is neither true nor false", key)
	return false
}

// number returns a number, which some attributes have as a text; nil where there is none.
func (r *terraformResource) number(key string, v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return v
		}
	case string:
		n := json.Number(v)
		if _, err := n.Int64(); err == nil {
			return n
		}
		if v == "" {
			return nil
		}
	}
	r.fail("%s is no whole number", key)
	return nil
}

func (r *terraformResource) texts(key string) []string {
	list := r.list(key, r.get(key))
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, r.asText(key, v))
	}
	r.parts(key)
	return out
}

func (r *terraformResource) list(key string, v any) []any {
	list, ok := v.([]any)
	if v != nil && !ok {
		r.fail("%s is no list", key)
	}
	return list
}

// parts notes values within a list or block that a plan does not know.
func (r *terraformResource) parts(key string) {
	if v, ok := r.unknown[key]; ok && v != true && unknownYet(v) {
		r.t.unknown = append(r.t.unknown, r.Address+"."+key)
	}
}

// blocks returns nested blocks, each as a resource with the same place.
func (r *terraformResource) blocks(key string) []*terraformResource {
	r.parts(key)
	var out []*terraformResource
	for _, v := range r.list(key, r.get(key)) {
		values, ok := v.(map[string]any)
		if !ok {
			r.fail("%s is no block", key)
			continue
		}
		out = append(out, &terraformResource{Address: r.Address, Type: r.Type, Values: values, at: r.at, t: r.t})
	}
	return out
}

// tags returns the tag that names a thing.
func (r *terraformResource) tags() []object {
	all, _ := r.Values["tags_all"].(map[string]any)
	own, _ := r.Values["tags"].(map[string]any)
	for _, tags := range []map[string]any{own, all} {
		if name, ok := tags["Name"].(string); ok {
			return []object{{"Key": "Name", "Value": name}}
		}
	}
	return nil
}

// ids returns texts as objects with a member.
func ids(member string, texts []string) []object {
	out := make([]object, 0, len(texts))
	for _, t := range texts {
		out = append(out, object{member: t})
	}
	return out
}

// region returns where a resource is: as version 6 of the provider says, else as its ARN.
func (r *terraformResource) region() string {
	if region := r.known("region"); region != "" {
		return region
	}
	return parseARN(r.known("arn")).region
}

// owner returns whose a resource is.
func (r *terraformResource) owner() string {
	if owner := r.known("owner_id"); owner != "" {
		return owner
	}
	return parseARN(r.known("arn")).account
}
