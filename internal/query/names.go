package query

import (
	"cmp"
	"errors"
	"math"
	"net/netip"
	"slices"

	"weir/flowlog"
)

// ErrNoNames says that nothing is known that names come from.
var ErrNoNames = errors.New("there are no names: no network definition was imported")

// ErrNoRanges says that the networks of AWS are not known.
var ErrNoRanges = errors.New("there are no services of AWS: ip-ranges.json was not taken")

// ErrNoCountries says that nothing is known of countries.
var ErrNoCountries = errors.New("there are no countries: no file of them was taken")

// NamesHint says how to get what is missing; "" for other errors.
func NamesHint(err error) string {
	switch {
	case errors.Is(err, ErrNoNames):
		return "'weir network import' takes one"
	case errors.Is(err, ErrNoRanges):
		return "'weir enrich update' gets it from AWS, and 'weir enrich import FILE' takes a file"
	case errors.Is(err, ErrNoCountries):
		return "'weir enrich import FILE' takes one, such as iptoasn-country-ipv4.csv of ip-location-db"
	}
	return ""
}

// NameColumn is a column that a named table has besides those of the records: what the
// network's definition says of the ENI that recorded, and of those that have the addresses, and
// what is published about addresses and ports. All are text.
type NameColumn uint8

// NameSource is what columns of names come from; several are joined with "or".
type NameSource uint8

// The sources.
const (
	FromDefinition NameSource = 1 << iota // the versions of the network's definition
	FromRanges                            // AWS's ip-ranges.json
	FromCountries                         // the file of countries
	FromRegistry                          // IANA's names of ports: they are always known

	FromAll = FromDefinition | FromRanges | FromCountries | FromRegistry
)

// String names the source, of several the first.
func (s NameSource) String() string {
	switch {
	case s&FromDefinition != 0:
		return "the network's definition"
	case s&FromRanges != 0:
		return "AWS's ip-ranges.json"
	case s&FromCountries != 0:
		return "the file of countries"
	}
	return "IANA's registry"
}

// The columns. Those of an address are of the ENI that has it in the VPC of the ENI that
// recorded: elsewhere the same address may be another's. Where two have it, they are absent.
const (
	InterfaceName NameColumn = iota
	InterfaceRole
	InterfaceResource
	InterfaceInstance
	InterfaceSubnet
	InterfaceVPC
	InterfaceAZ
	InterfaceState
	SrcInterface
	SrcName
	SrcRole
	DstInterface
	DstName
	DstRole
	SrcService
	SrcRegion
	DstService
	DstRegion
	SrcCountry
	DstCountry
	SrcPortName
	DstPortName
)

// nameColumns describes the columns in order.
var nameColumns = []struct {
	name, meaning string
	of            flowlog.FieldID // whose ENI it is of: interface_id, or an address
	from          NameSource
	value         func(s *InterfaceSpan) string // of those from the definition
}{
	InterfaceName:     {"interface_name", "The name of the network interface, by its tag Name or that of its instance.", flowlog.InterfaceID, FromDefinition, nameOf},
	InterfaceRole:     {"interface_role", "What the network interface is for: instance, nat-gateway, application-load-balancer ...", flowlog.InterfaceID, FromDefinition, roleOf},
	InterfaceResource: {"interface_resource", "The id or name of what the network interface is of.", flowlog.InterfaceID, FromDefinition, func(s *InterfaceSpan) string { return s.Resource }},
	InterfaceInstance: {"interface_instance", "The id of the instance that the network interface is attached to.", flowlog.InterfaceID, FromDefinition, func(s *InterfaceSpan) string { return s.Instance }},
	InterfaceSubnet:   {"interface_subnet", "The id of the subnet of the network interface.", flowlog.InterfaceID, FromDefinition, func(s *InterfaceSpan) string { return s.Subnet }},
	InterfaceVPC:      {"interface_vpc", "The id of the VPC of the network interface.", flowlog.InterfaceID, FromDefinition, func(s *InterfaceSpan) string { return s.VPC }},
	InterfaceAZ:       {"interface_az", "The name of the Availability Zone of the network interface.", flowlog.InterfaceID, FromDefinition, func(s *InterfaceSpan) string { return s.AZ }},
	InterfaceState:    {"interface_state", "How much imports tell of the network interface at that time: unchanged, latest, dated, changed, assumed unchanged.", flowlog.InterfaceID, FromDefinition, func(s *InterfaceSpan) string { return s.State }},
	SrcInterface:      {"src_interface", "The id of the network interface that has srcaddr in the same VPC.", flowlog.SrcAddr, FromDefinition, idOf},
	SrcName:           {"src_name", "The name of the network interface that has srcaddr in the same VPC.", flowlog.SrcAddr, FromDefinition, nameOf},
	SrcRole:           {"src_role", "What the network interface is for that has srcaddr in the same VPC.", flowlog.SrcAddr, FromDefinition, roleOf},
	DstInterface:      {"dst_interface", "The id of the network interface that has dstaddr in the same VPC.", flowlog.DstAddr, FromDefinition, idOf},
	DstName:           {"dst_name", "The name of the network interface that has dstaddr in the same VPC.", flowlog.DstAddr, FromDefinition, nameOf},
	DstRole:           {"dst_role", "What the network interface is for that has dstaddr in the same VPC.", flowlog.DstAddr, FromDefinition, roleOf},
	SrcService:        {"src_service", "The services of AWS that have srcaddr, by ip-ranges.json.", flowlog.SrcAddr, FromRanges, nil},
	SrcRegion:         {"src_region", "The Region of AWS that srcaddr is in, by ip-ranges.json.", flowlog.SrcAddr, FromRanges, nil},
	DstService:        {"dst_service", "The services of AWS that have dstaddr, by ip-ranges.json.", flowlog.DstAddr, FromRanges, nil},
	DstRegion:         {"dst_region", "The Region of AWS that dstaddr is in, by ip-ranges.json.", flowlog.DstAddr, FromRanges, nil},
	SrcCountry:        {"src_country", "The country of srcaddr, by the file that was taken: two letters of ISO 3166.", flowlog.SrcAddr, FromCountries, nil},
	DstCountry:        {"dst_country", "The country of dstaddr, by the file that was taken: two letters of ISO 3166.", flowlog.DstAddr, FromCountries, nil},
	SrcPortName:       {"src_port_name", "The service that srcport is for with the protocol, by IANA's registry.", flowlog.SrcPort, FromRegistry, nil},
	DstPortName:       {"dst_port_name", "The service that dstport is for with the protocol, by IANA's registry.", flowlog.DstPort, FromRegistry, nil},
}

func idOf(s *InterfaceSpan) string   { return s.ID }
func nameOf(s *InterfaceSpan) string { return s.Name }
func roleOf(s *InterfaceSpan) string { return s.Role }

// NameColumns returns the columns in order. The caller may keep the slice.
func NameColumns() []NameColumn {
	out := make([]NameColumn, len(nameColumns))
	for i := range out {
		out[i] = NameColumn(i)
	}
	return out
}

// LookupName finds the column of a name as SQL spells it.
func LookupName(name string) (NameColumn, bool) {
	for i, c := range nameColumns {
		if c.name == name {
			return NameColumn(i), true
		}
	}
	return 0, false
}

// String returns the column's name as SQL spells it.
func (c NameColumn) String() string { return nameColumns[c].name }

// Meaning returns one sentence about the column.
func (c NameColumn) Meaning() string { return nameColumns[c].meaning }

// From returns what the column comes from.
func (c NameColumn) From() NameSource { return nameColumns[c].from }

// Of returns what the column is of: flowlog.InterfaceID, an address, or a port.
func (c NameColumn) Of() flowlog.FieldID { return nameColumns[c].of }

// NamedTable returns the name under which SQL knows the records of a kind with the columns of
// names beside them: named_vpc_flow_logs. Only that of VPC flow logs is there.
func NamedTable(k flowlog.Kind) string { return "named_" + TableName(k) }

// Needs returns the fields that tell the column.
func (c NameColumn) Needs() []flowlog.FieldID {
	switch c.From() {
	case FromDefinition:
		return []flowlog.FieldID{c.Of(), flowlog.InterfaceID, flowlog.Start, flowlog.WeirHour}
	case FromRegistry:
		return []flowlog.FieldID{c.Of(), flowlog.Protocol}
	}
	return []flowlog.FieldID{c.Of()}
}

// Expr returns the column as an expression over a table of records of either kind, where it
// needs nothing that was taken; nil for others, which only the named table has.
func (c NameColumn) Expr() Expr {
	if c.From() != FromRegistry {
		return nil
	}
	return &Call{PortName, []Expr{&Ref{flowlog.FieldByID(c.Of()).Column}, &Ref{flowlog.FieldByID(flowlog.Protocol).Column}}}
}

// Value returns the column of an ENI, which may be nil; "": absent. It is from the definition.
func (c NameColumn) Value(s *InterfaceSpan) string {
	if s == nil {
		return ""
	}
	return nameColumns[c].value(s)
}

// AskedNames returns the columns of names that expressions ask for, in order.
func AskedNames(exprs ...Expr) []NameColumn {
	names := nameSet{}
	for _, e := range exprs {
		names.add(e)
	}
	var out []NameColumn
	for _, c := range NameColumns() {
		if names[c.String()] {
			out = append(out, c)
		}
	}
	return out
}

// AskedNames returns the columns of names that the plan's stages ask for by name, in order.
func (p Plan) AskedNames() []NameColumn {
	if !p.Named {
		return nil
	}
	var exprs []Expr
	named := func(list []Named) {
		for _, n := range list {
			exprs = append(exprs, n.Expr)
		}
	}
	for _, s := range p.Stages {
		switch s := s.(type) {
		case *Filter:
			exprs = append(exprs, s.Where)
		case *Extend:
			named(s.Columns)
		case *Project:
			named(s.Columns)
		case *Aggregate:
			named(s.By)
			for _, a := range s.Aggs {
				exprs = append(exprs, a.Arg, a.Where)
			}
		case *Sort:
			for _, k := range s.Keys {
				exprs = append(exprs, k.Expr)
			}
		}
	}
	return AskedNames(exprs...)
}

// InterfaceSpan is what is known of an ENI in a span of time. Texts are "" where nothing is
// known.
type InterfaceSpan struct {
	ID string
	// From and To bound it in seconds since the epoch, From inclusive and To exclusive.
	// math.MinInt64 and math.MaxInt64 do not bound.
	From, To                                        int64
	Name, Role, Resource, Instance, Subnet, VPC, AZ string
	// Assumed says that it lies before the first import.
	Assumed bool
	// State is how much imports tell.
	State     string
	Addresses []netip.Addr
	Prefixes  []netip.Prefix // delegated to it
}

// Holds reports whether a time lies in the span.
func (s *InterfaceSpan) Holds(at int64) bool { return s.From <= at && at < s.To }

// Countries says the country that an address is in, as two letters; "": none is known. It is safe
// for concurrent use.
type Countries func(a netip.Addr) string

// Ranges says which services of AWS have an address, and its Region; "": none. It is safe for
// concurrent use.
type Ranges func(a netip.Addr) (service, region string)

// Names tell of ENIs by id or address, and time, and of what is published about addresses. They
// are not changed; it is safe to use them concurrently.
type Names struct {
	ranges    Ranges
	countries Countries
	spans     []InterfaceSpan
	byID      map[string][]*InterfaceSpan
	byAddress map[vpcAddress][]*InterfaceSpan
	byPrefix  map[string][]*InterfaceSpan // those with prefixes, by VPC
	bounds    []int64                     // at which some span begins or ends, and the least and the greatest number
}

// vpcAddress is an address in a VPC.
type vpcAddress struct {
	vpc  string
	addr netip.Addr
}

// NewNames returns names of spans, of which those of one ENI do not overlap, and of the
// networks of AWS. Either is nil where nothing is known of it. It takes the slice over.
func NewNames(spans []InterfaceSpan, ranges Ranges) *Names {
	slices.SortFunc(spans, func(a, b InterfaceSpan) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.From, b.From)) })
	n := &Names{
		ranges: ranges, spans: spans, byID: map[string][]*InterfaceSpan{}, byAddress: map[vpcAddress][]*InterfaceSpan{},
		byPrefix: map[string][]*InterfaceSpan{}, bounds: []int64{math.MinInt64, math.MaxInt64},
	}
	for i := range spans {
		s := &spans[i]
		n.bounds = append(n.bounds, s.From, s.To)
		n.byID[s.ID] = append(n.byID[s.ID], s)
		if s.VPC == "" {
			continue
		}
		for _, a := range s.Addresses {
			at := vpcAddress{s.VPC, a.Unmap()}
			n.byAddress[at] = append(n.byAddress[at], s)
		}
		if len(s.Prefixes) > 0 {
			n.byPrefix[s.VPC] = append(n.byPrefix[s.VPC], s)
		}
	}
	slices.Sort(n.bounds)
	n.bounds = slices.Compact(n.bounds)
	return n
}

// With returns the same names of ENIs with what is published about addresses; nil where
// nothing is known of it.
func (n *Names) With(r Ranges, c Countries) *Names {
	out := *n
	out.ranges, out.countries = r, c
	return &out
}

// Lacks says why the names can't tell a column: with ErrNoNames, ErrNoRanges or
// ErrNoCountries.
func (n *Names) Lacks(c NameColumn) error {
	switch from := c.From(); {
	case from == FromRanges && n.ranges == nil:
		return ErrNoRanges
	case from == FromCountries && n.countries == nil:
		return ErrNoCountries
	case from == FromDefinition && n.spans == nil:
		return ErrNoNames
	}
	return nil
}

// OfAddress returns a column from the networks of AWS or the countries; "": absent.
func (n *Names) OfAddress(c NameColumn, addr string) string {
	a, ok := parseAddr(addr)
	if !ok {
		return ""
	}
	if c.From() == FromCountries {
		return n.countries(a)
	}
	service, region := n.ranges(a)
	if c == SrcService || c == DstService {
		return service
	}
	return region
}

// Steady returns a time around a time, from inclusive and to exclusive, in which nothing that
// is known of any ENI changes.
func (n *Names) Steady(at int64) (from, to int64) {
	i, found := slices.BinarySearch(n.bounds, at)
	if !found {
		i--
	}
	i = min(i, len(n.bounds)-2)
	return n.bounds[i], n.bounds[i+1]
}

// Spans returns all spans by id and time. The caller does not change them.
func (n *Names) Spans() []InterfaceSpan { return n.spans }

// Interface returns what is known of an ENI at a time in seconds since the epoch; nil: nothing.
func (n *Names) Interface(id string, at int64) *InterfaceSpan {
	for _, s := range n.byID[id] {
		if s.Holds(at) {
			return s
		}
	}
	return nil
}

// VPC returns the VPC of an ENI that is known of some time, in seconds since the epoch, to exclusive; "": none, or several, though an ENI stays in one.
func (n *Names) VPC(id string, from, to int64) string {
	vpc := ""
	for _, s := range n.byID[id] {
		switch {
		case s.From >= to || s.To <= from || s.VPC == "" || s.VPC == vpc:
		case vpc != "":
			return ""
		default:
			vpc = s.VPC
		}
	}
	return vpc
}

// Holder returns the ENI that has an address at a time in the VPC of another, the one that
// recorded; nil where none has it, several do, or addr is no address.
func (n *Names) Holder(recorder *InterfaceSpan, at int64, addr string) *InterfaceSpan {
	a, ok := parseAddr(addr)
	if recorder == nil || recorder.VPC == "" || !ok {
		return nil
	}
	var has *InterfaceSpan
	several := false
	note := func(s *InterfaceSpan) {
		several = several || has != nil && has != s
		has = s
	}
	for _, s := range n.byAddress[vpcAddress{recorder.VPC, a}] {
		if s.Holds(at) {
			note(s)
		}
	}
	for _, s := range n.byPrefix[recorder.VPC] {
		if s.Holds(at) && slices.ContainsFunc(s.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) }) {
			note(s)
		}
	}
	if several {
		return nil
	}
	return has
}

// Changes returns, in order, the times at which a column of flowlog.InterfaceID becomes another
// for some ENI: between two neighbours each ENI has one value.
func (n *Names) Changes(c NameColumn) []int64 {
	value := nameColumns[c].value
	var out []int64
	add := func(at int64, before, after string) {
		if before != after && at != math.MinInt64 && at != math.MaxInt64 {
			out = append(out, at)
		}
	}
	for _, spans := range n.byID {
		before, until := "", int64(math.MinInt64)
		for _, s := range spans {
			if s.From > until { // nothing is known between them
				add(until, before, "")
				before = ""
			}
			add(s.From, before, value(s))
			before, until = value(s), s.To
		}
		add(until, before, "")
	}
	slices.Sort(out)
	return slices.Compact(out)
}
