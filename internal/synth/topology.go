package synth

import (
	"fmt"
	"net/netip"
	"strings"

	"weir/flowlog"
)

// role is what an interface is there for.
type role uint8

const (
	roleNAT       role = iota // NAT gateway
	roleELBPublic             // node of the load balancers that face the internet
	roleELBInner              // node of the load balancer before the app tier
	roleDB                    // database
	roleDBStandby             // its standby, without traffic
	roleWeb                   // web tier
	roleApp                   // app tier, ECS tasks
	roleCanary                // the app host with the wrong security group
	roleCache                 // cache
	roleResolver              // DNS resolver of the company's own
	roleMonitor               // monitoring and log collection
	roleBastion               // SSH from the office
	roleEdge                  // hosts with public addresses
	roleReports               // report service
	roleBatch                 // jobs, active a quarter of the time
	roleSpare                 // warm spares, without traffic
	// The roles from here on are in the VPCs at the transit gateway.
	roleShared       // hosts of the shared services' VPC
	roleData         // hosts of the data VPC
	roleSharedAttach // the transit gateway's interfaces in the one
	roleDataAttach   // and in the other
	numRoles         = iota
)

// fleet describes the interfaces of a role.
type fleet struct {
	name   string // of the interfaces, with a number behind
	count  int
	subnet string   // name of the subnets, with the zone behind
	groups []string // names of the security groups
	public bool     // the interfaces have public addresses
	v6     bool     // and IPv6 addresses
	// managed says that an AWS service made the interfaces, so that they belong
	// to no instance of the account.
	managed bool
	asg     bool // the instances belong to an Auto Scaling group
}

// fleets are the interfaces by role: 200 in the first VPC.
var fleets = [numRoles]fleet{
	roleNAT:       {name: "nat", count: 4, subnet: "public", public: true, managed: true},
	roleELBPublic: {name: "elb-web", count: 9, subnet: "public", groups: []string{"elb-public"}, public: true, v6: true, managed: true},
	roleELBInner:  {name: "elb-app", count: 3, subnet: "web", groups: []string{"elb-app"}, managed: true},
	roleDB:        {name: "db", count: 4, subnet: "db", groups: []string{"db"}, managed: true},
	roleDBStandby: {name: "db-standby", count: 4, subnet: "db", groups: []string{"db"}, managed: true},
	roleWeb:       {name: "web", count: 38, subnet: "web", groups: []string{"web"}, asg: true},
	roleApp:       {name: "app", count: 37, subnet: "app", groups: []string{"app"}, asg: true},
	roleCanary:    {name: "app-canary", count: 1, subnet: "app", groups: []string{"app-canary"}},
	roleCache:     {name: "cache", count: 6, subnet: "app", groups: []string{"cache"}},
	roleResolver:  {name: "resolver", count: 3, subnet: "infra", groups: []string{"infra"}},
	roleMonitor:   {name: "monitor", count: 2, subnet: "infra", groups: []string{"infra"}},
	roleBastion:   {name: "bastion", count: 1, subnet: "public", groups: []string{"bastion"}, public: true},
	roleEdge:      {name: "edge", count: 4, subnet: "public", groups: []string{"edge"}, public: true, v6: true},
	roleReports:   {name: "reports", count: 3, subnet: "reports", groups: []string{"reports"}},
	roleBatch:     {name: "batch", count: 42, subnet: "batch", groups: []string{"batch"}, asg: true},
	roleSpare:     {name: "spare", count: 39, subnet: "web", groups: []string{"web"}, asg: true},

	roleShared:       {name: "shared", count: 36, subnet: "shared", groups: []string{"shared"}},
	roleData:         {name: "data", count: 15, subnet: "data", groups: []string{"data"}},
	roleSharedAttach: {name: "tgw-shared", count: 3, subnet: "shared-tgw", managed: true},
	roleDataAttach:   {name: "tgw-data", count: 3, subnet: "data-tgw", managed: true},
}

// zones are the Availability Zones in use, by the letter of their names.
const zones = "abc"

// vpc is a VPC. Its number is the second octet of its addresses. The flow log
// covers the first one; the others hang at the transit gateway.
type vpc struct {
	id, name   string
	cidr       netip.Prefix
	attachment string // of the transit gateway, "" for the first
}

// subnet is a subnet of a VPC.
type subnet struct {
	id   string
	vpc  *vpc
	name string // such as "web-a"
	zone int
	cidr netip.Prefix
	v6   netip.Prefix // invalid where the subnet has none
	acl  string       // name of its network ACL
}

// subnetPlan lists the subnets' names, the number of their VPC, the third octet
// of the first one's address, and their network ACL. Each name stands for one
// subnet in each zone.
var subnetPlan = []struct {
	name       string
	vpc, octet byte
	v6         bool
	acl        string
}{
	{"public", 0, 0, true, "public"},
	{"web", 0, 12, false, "private"},
	{"app", 0, 20, false, "private"},
	{"batch", 0, 32, false, "private"},
	{"db", 0, 40, false, "db"},
	{"infra", 0, 48, false, "private"},
	{"reports", 0, 60, false, "reports"},
	{"shared", 1, 0, false, "default-shared"},
	{"shared-tgw", 1, 240, false, "default-shared"},
	{"data", 2, 0, false, "default-data"},
	{"data-tgw", 2, 240, false, "default-data"},
}

// vpcNames are the VPCs' names, by number.
var vpcNames = []string{"shop", "shared", "data"}

// eni is a network interface, or another place that records traffic.
type eni struct {
	index   int // in world.enis, or behind it
	id      string
	name    string
	role    role
	fleet   *fleet
	subnet  *subnet
	v4, v6  uint32 // in world.book; v6 is 0 where there is none
	public  string // public IPv4 address, ""
	natID   string // of a NAT gateway
	phase   uint32 // its windows end at this second of the minute
	managed bool
	// inst is the id of its instance, "" where it has none of the account's.
	inst string
	// static holds the text of each field that is the same in all records.
	static [flowlog.NumFields]string
}

// world is everything that does not change with time.
type world struct {
	cfg     Config
	book    *book
	vpcs    []*vpc
	subnets []*subnet
	enis    []*eni
	byRole  [numRoles][]*eni
	gateway *gateway
}

// vpcCIDR6 is the first VPC's IPv6 block. It is in the range for documentation,
// as in AWS's own examples.
var vpcCIDR6 = netip.MustParsePrefix("2001:db8:1234:a100::/56")

// newWorld builds the network and the address book.
func newWorld(c Config) *world {
	w := &world{cfg: c}
	for i, name := range vpcNames {
		v := &vpc{id: awsID(c.Seed, "vpc", uint64(i)), name: name}
		v.cidr = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i)}), 16)
		if i > 0 {
			v.attachment = awsID(c.Seed, "tgw-attach", uint64(i))
		}
		w.vpcs = append(w.vpcs, v)
	}
	for _, p := range subnetPlan {
		for z := range len(zones) {
			s := &subnet{
				id:   awsID(c.Seed, "subnet", uint64(len(w.subnets))),
				vpc:  w.vpcs[p.vpc],
				name: p.name + "-" + zones[z:z+1],
				zone: z,
				cidr: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, p.vpc, p.octet + byte(z)}), 24),
				acl:  p.acl,
			}
			if p.v6 {
				b := vpcCIDR6.Addr().As16()
				b[7] = p.octet + byte(z)
				s.v6 = netip.PrefixFrom(netip.AddrFrom16(b), 64)
			}
			w.subnets = append(w.subnets, s)
		}
	}
	w.book = newBook(c)
	for r := range fleets {
		for i := range fleets[r].count {
			w.addENI(role(r), i)
		}
	}
	w.fillStatic()
	w.gateway = newGateway(w)
	return w
}

// addENI adds the i-th interface of a role.
func (w *world) addENI(r role, i int) {
	f := &fleets[r]
	n := len(w.enis)
	e := &eni{
		index: n, role: r, fleet: f, managed: f.managed,
		id:     awsID(w.cfg.Seed, "eni", uint64(n)),
		name:   fmt.Sprintf("%s-%d", f.name, i+1),
		subnet: w.subnet(f.subnet, i%len(zones)),
		phase:  uint32(hash(w.cfg.Seed, 'p', uint64(n)) % windowSeconds),
	}
	used := 0
	for _, o := range w.enis {
		if o.subnet == e.subnet {
			used++
		}
	}
	b := e.subnet.cidr.Addr().As4()
	b[3] = byte(10 + 3*used + int(hash(w.cfg.Seed, 'a', uint64(n))%3))
	e.v4 = w.book.add(address{ip: netip.AddrFrom4(b), eni: n + 1})
	if f.v6 {
		b := e.subnet.v6.Addr().As16()
		for j := range 8 {
			b[8+j] = byte(hash(w.cfg.Seed, '6', uint64(n)) >> (8 * j))
		}
		e.v6 = w.book.add(address{ip: netip.AddrFrom16(b), eni: n + 1})
	}
	if f.public {
		e.public = netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + n)}).String()
	}
	if !f.managed {
		e.inst = awsID(w.cfg.Seed, "i", uint64(n))
	}
	if r == roleNAT {
		e.natID = awsID(w.cfg.Seed, "nat", uint64(i))
	}
	w.enis = append(w.enis, e)
	w.byRole[r] = append(w.byRole[r], e)
}

// subnet returns the subnet of a name in a zone.
func (w *world) subnet(name string, zone int) *subnet {
	for i, p := range subnetPlan {
		if p.name == name {
			return w.subnets[i*len(zones)+zone]
		}
	}
	panic("synth: no subnet " + name)
}

// nat returns the NAT gateway that the interface's subnet routes to: that of its
// zone; the batch tier has one of its own.
func (w *world) nat(e *eni) *eni {
	if e.role == roleBatch {
		return w.byRole[roleNAT][3]
	}
	return w.byRole[roleNAT][e.subnet.zone]
}

// zoneID returns the id of an Availability Zone, such as use1-az1: AWS shortens
// the region and numbers the zones.
func zoneID(region string, zone int) string {
	return fmt.Sprintf("%s-az%d", shortRegion(region), zone+1)
}

// shortRegion returns AWS's short form of a region: us-east-1 is use1,
// ap-southeast-2 is apse2, us-gov-west-1 is usgw1.
func shortRegion(region string) string {
	parts := strings.Split(region, "-")
	for i, p := range parts[:len(parts)-1] {
		switch {
		case i == 0:
		case p == "northeast", p == "northwest", p == "southeast", p == "southwest":
			parts[i] = p[:1] + p[5:6]
		default:
			parts[i] = p[:1]
		}
	}
	return strings.Join(parts, "")
}

// awsID returns an id in AWS's long form: a prefix, a hyphen and 17 hexadecimal
// digits, of which the first is 0 as in most ids seen.
func awsID(seed uint64, prefix string, n uint64) string {
	var kind uint64
	for _, c := range []byte(prefix) {
		kind = kind<<8 | uint64(c)
	}
	return fmt.Sprintf("%s-0%016x", prefix, hash(seed, kind, n))
}
