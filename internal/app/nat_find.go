package app

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/versions"
)

// load loads the definition that was in force at the end of the time asked for.
func (n *natWork) load() error {
	newest, err := n.s.Newest(n.ctx)
	if err != nil {
		return err
	}
	at := n.req.Scope.To
	if !newest.IsZero() {
		n.report.Newest = &newest
		if at.IsZero() || at.After(newest) {
			at = newest
		}
	}
	if at.IsZero() {
		at = time.Now()
	}
	d, err := NetworkAt(n.ctx, n.req.Data, at)
	switch {
	case errors.Is(err, versions.ErrNone):
		return nil
	case err != nil:
		return err
	}
	n.kept, n.rules = &d, policy.New(d.Network)
	return nil
}

// find finds the gateways: those of the definition, and those that records show, or the one
// that was asked for.
func (n *natWork) find() error {
	for _, g := range n.defined() {
		if n.req.ID == "" || g.is(n.req.ID) {
			n.add(g)
		}
	}
	if n.req.ID != "" {
		if len(n.report.Gateways) > 0 {
			return nil
		}
		return n.asked()
	}
	if err := n.recorded(); err != nil {
		return err
	}
	slices.SortStableFunc(n.report.Gateways, func(a, b *NATGateway) int {
		return cmp.Or(cmp.Compare(a.VPC, b.VPC), cmp.Compare(cmp.Or(a.Name, a.ID, a.Interface), cmp.Or(b.Name, b.ID, b.Interface)), cmp.Compare(a.key, b.key))
	})
	if len(n.report.Gateways) == 0 {
		if n.kept == nil {
			n.report.Missing = append(n.report.Missing, "the network's definition, which has its NAT gateways: 'weir network import' takes one")
		}
		n.report.Missing = append(n.report.Missing,
			"records of that time that show one: of the fields pkt-srcaddr and pkt-dstaddr, resource-id or interface-type",
			"the id or the private address of its ENI: 'weir nat ID'")
	}
	return nil
}

// add adds a gateway that is not there yet.
func (n *natWork) add(g *NATGateway) {
	if g.key == "" || n.byKey[g.key] != nil {
		return
	}
	g.hours, g.senders, g.rules = map[int64]bool{}, map[string]bool{}, map[string]*NATRule{}
	if g.Addresses == nil {
		g.Addresses = []netip.Addr{}
	}
	n.byKey[g.key] = g
	n.report.Gateways = append(n.report.Gateways, g)
}

// is reports whether a gateway is the one that was asked for.
func (g *NATGateway) is(id string) bool {
	if id == g.ID || id == g.Interface || id == g.Name {
		return true
	}
	a, err := netip.ParseAddr(id)
	if err != nil {
		return false
	}
	if slices.Contains(g.Addresses, a.Unmap()) {
		return true
	}
	return g.defined != nil && slices.ContainsFunc(g.defined.Addresses, func(o netmodel.NATAddress) bool { return o.Public == a.Unmap() })
}

// defined returns the gateways of the definition, by id.
func (n *natWork) defined() []*NATGateway {
	if n.kept == nil {
		return nil
	}
	var out []*NATGateway
	enis := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(n.kept.NATGateways)) {
		v := n.kept.NATGateways[id]
		g := &NATGateway{
			ID: id, Name: v.Name, VPC: v.VPC, Connectivity: v.Connectivity, Availability: v.Availability, State: v.State, KnownBy: NATDefined,
			defined: v, regional: v.Availability == "regional",
		}
		for _, a := range v.Addresses {
			g.Interface = cmp.Or(g.Interface, a.Interface)
			enis[a.Interface] = true
			own := a.Private
			if g.regional {
				own = a.Public
			}
			if own.IsValid() {
				g.Addresses = append(g.Addresses, own)
			}
		}
		if g.key = g.Interface; g.regional {
			g.key = id
		}
		out = append(out, g)
	}
	for _, id := range slices.Sorted(maps.Keys(n.kept.Interfaces)) {
		i := n.kept.Interfaces[id]
		if i.Role == netmodel.RoleNATGateway && !enis[id] {
			out = append(out, &NATGateway{
				ID: i.Resource, Name: i.Name, Interface: id, VPC: i.VPC, Addresses: slices.Clone(i.Addresses), Availability: "zonal", KnownBy: NATDefined, key: id,
			})
		}
	}
	return out
}

// recordedSQL asks for what records say to be a NAT gateway.
const recordedSQL = `
SELECT coalesce(resource_id, interface_id) AS key, bool_or(resource_id IS NOT NULL) AS regional, coalesce(any_value(vpc_id), '') AS vpc
FROM vpc_flow_logs WHERE starts_with(resource_id, 'nat-') OR interface_type IN ('nat_gateway', 'regional_nat_gateway') AND coalesce(resource_id, interface_id) IS NOT NULL
GROUP BY 1 ORDER BY 1`

// translatingSQL asks for interfaces of AWS's own that translate as NAT gateways do: from a
// client to a host by way of the interface's address, and from that address to the same host.
// Some of the hosts are looked for: a gateway sends to all. Appliances and transit gateways
// pass packets on with the client's address. Its argument is the list of interfaces.
//
// Source: VPC user guide, "Traffic through a NAT gateway" and "Traffic through a transit gateway".
const translatingSQL = `
WITH inner_legs AS (
	SELECT interface_id AS eni, dstaddr AS own, unnest([min(pkt_dstaddr), max(pkt_dstaddr), arg_min(pkt_dstaddr, start), arg_max(pkt_dstaddr, start), arg_max(pkt_dstaddr, bytes)]) AS host
	FROM vpc_flow_logs WHERE interface_id IN %[1]s AND dstaddr <> pkt_dstaddr AND srcaddr = pkt_srcaddr AND action = 'ACCEPT' GROUP BY 1, 2
)
SELECT interface_id, any_value(srcaddr), coalesce(any_value(instance_id), '') AS instance, coalesce(any_value(vpc_id), '') AS vpc
FROM vpc_flow_logs SEMI JOIN inner_legs ON interface_id = eni AND srcaddr = own AND dstaddr = host
WHERE interface_id IN %[1]s AND srcaddr = pkt_srcaddr AND dstaddr = pkt_dstaddr
GROUP BY 1 ORDER BY 1`

// recorded adds the gateways that records show.
func (n *natWork) recorded() error {
	err := n.rows(recordedSQL, func(row []any) error {
		g := &NATGateway{KnownBy: NATTyped, Availability: "zonal", VPC: valueText(row[2]), key: valueText(row[0])}
		if g.Interface = g.key; row[1] == true {
			g.ID, g.Interface, g.KnownBy, g.Availability, g.regional = g.key, "", NATResource, "regional", true
		}
		n.add(g)
		return nil
	})
	if err != nil {
		return err
	}
	var others []string // that neither a definition nor records tell of
	if err := n.rows("SELECT DISTINCT interface_id FROM vpc_flow_logs WHERE interface_id IS NOT NULL AND pkt_dstaddr IS NOT NULL ORDER BY 1", func(row []any) error {
		if id := valueText(row[0]); n.byKey[id] == nil && (n.kept == nil || n.kept.Interfaces[id] == nil) {
			others = append(others, id)
		}
		return nil
	}); err != nil || len(others) == 0 {
		return err
	}
	return n.rows(fmt.Sprintf(translatingSQL, sqlList(others)), func(row []any) error {
		id, instance := valueText(row[0]), valueText(row[2])
		if instance != "" {
			return nil // a NAT instance has security groups, and an owner who can look
		}
		n.add(&NATGateway{Interface: id, KnownBy: NATTranslate, VPC: valueText(row[3]), key: id})
		return nil
	})
}

// asked adds the gateway that was asked for, which no definition has.
func (n *natWork) asked() error {
	id := n.req.ID
	address, err := netip.ParseAddr(id)
	switch {
	case strings.HasPrefix(id, "nat-"):
		return n.askedResource(id)
	case strings.HasPrefix(id, "eni-"):
		return n.askedInterface(id, "interface_id = "+sqlText(id))
	case err == nil:
		return n.askedAddress(address.Unmap())
	case n.kept == nil:
		return &UsageError{
			Message: fmt.Sprintf("%q is no id of a NAT gateway or ENI and no address, and no network definition was imported that could name it", id),
			Hint:    "'weir network import' takes one",
		}
	}
	return &UsageError{Message: fmt.Sprintf("%q is no id of a NAT gateway or ENI and no address, and no NAT gateway of the imported definitions has that name", id)}
}

// askedResource adds a regional gateway that records name.
func (n *natWork) askedResource(id string) error {
	err := n.rows("SELECT coalesce(any_value(vpc_id), ''), count(*) AS n FROM vpc_flow_logs WHERE resource_id = "+sqlText(id), func(row []any) error {
		if integer(row[1]) > 0 {
			n.add(&NATGateway{ID: id, VPC: valueText(row[0]), Availability: "regional", KnownBy: NATResource, regional: true, key: id})
		}
		return nil
	})
	if err != nil || len(n.report.Gateways) > 0 {
		return err
	}
	return &UsageError{
		Message: fmt.Sprintf("no imported definition has %s, and no record of that time has it as its resource-id, as those of a regional one have", id),
		Hint:    "name its ENI (eni-...) or private address, or take a definition: 'weir network import'",
	}
}

// askedInterface adds the gateway of an ENI, by the condition of its records.
func (n *natWork) askedInterface(id, where string) error {
	if n.kept != nil {
		if i := n.kept.Interfaces[id]; i != nil && i.Role != netmodel.RoleUnknown {
			return &UsageError{Message: fmt.Sprintf("%s is no NAT gateway's: the definition has it as %s of %s", id, i.Role, cmp.Or(i.Resource, "an unknown resource"))}
		}
	}
	instance := ""
	err := n.rows("SELECT coalesce(any_value(instance_id), ''), coalesce(any_value(vpc_id), ''), count(*) AS n FROM vpc_flow_logs WHERE "+where, func(row []any) error {
		instance = valueText(row[0])
		if integer(row[2]) > 0 && instance == "" {
			n.add(&NATGateway{Interface: id, VPC: valueText(row[1]), KnownBy: NATAsked, key: id})
		}
		return nil
	})
	switch {
	case err != nil || len(n.report.Gateways) > 0:
		return err
	case instance != "":
		return &UsageError{Message: fmt.Sprintf("%s is no NAT gateway's: records have it as an ENI of instance %s", id, instance), Hint: "a NAT instance has security groups: 'weir why' tells what these refuse"}
	}
	return &UsageError{Message: fmt.Sprintf("no record of that time is of %s, and no imported definition has it as a NAT gateway's", id)}
}

// askedAddress adds the gateway of the ENI that has an address: the one end of all its records.
func (n *natWork) askedAddress(a netip.Addr) error {
	text := sqlText(a.String())
	var ids []string
	err := n.rows(fmt.Sprintf(`
SELECT interface_id FROM vpc_flow_logs WHERE action IS NOT NULL AND interface_id IN (
	SELECT DISTINCT interface_id FROM vpc_flow_logs WHERE weir_direction = 'ingress' AND dstaddr = %[1]s OR weir_direction = 'egress' AND srcaddr = %[1]s
		OR weir_direction = 'undecided' AND (srcaddr = %[1]s OR dstaddr = %[1]s))
GROUP BY 1 HAVING bool_and(srcaddr = %[1]s OR dstaddr = %[1]s) ORDER BY 1`, text), func(row []any) error {
		ids = append(ids, valueText(row[0]))
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(ids) > 1:
		return &UsageError{Message: fmt.Sprintf("%s may be the address of any of %s", a, Several(ids)), Hint: "name the ENI"}
	case len(ids) == 0:
		return &UsageError{Message: fmt.Sprintf("no ENI in the records of that time has the address %s, and no NAT gateway of an imported definition", a)}
	}
	if err := n.askedInterface(ids[0], "interface_id = "+sqlText(ids[0])); err != nil {
		return err
	}
	n.report.Gateways[0].Addresses = []netip.Addr{a}
	return nil
}

// sqlText writes a text for SQL.
func sqlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// sqlList writes texts for IN: "", which no field is, where there are none.
func sqlList(list []string) string {
	quoted := make([]string, 0, len(list))
	for _, s := range list {
		quoted = append(quoted, sqlText(s))
	}
	if len(quoted) == 0 {
		return "('')"
	}
	return "(" + strings.Join(quoted, ", ") + ")"
}
