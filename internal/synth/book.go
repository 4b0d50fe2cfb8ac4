package synth

import (
	"encoding/binary"
	"net/netip"

	"weir/flowlog"
)

// address is an entry of the address book.
type address struct {
	ip   netip.Addr
	text string
	// eni is the number of the interface that has the address, counted from 1;
	// 0 for addresses outside.
	eni     int
	service string // AWS service whose ranges hold it, ""
}

// book numbers all addresses that can stand in a record. Number 0 stands for no
// address.
type book struct {
	entries []address

	clients   span // internet clients, IPv4
	clients6  span // internet clients, IPv6
	scanners  span // sources of scans
	blocked   span // sources that the public subnets' network ACL denies
	peers     span // internet hosts that private hosts call
	storage   span // S3
	office    span // the company's office
	fleet6    span // devices of the IPv6 story
	bruteHost uint32
	scanHost  uint32
	dropHost  uint32 // where the upload goes
	lateHost  uint32
	goneHost  uint32 // in a VPC that is no longer there
	noHost    uint32 // in a network that there is no route to
}

// span is a range of address numbers.
type span struct{ first, n uint32 }

// at returns the i-th number of the span.
func (s span) at(i uint32) uint32 { return s.first + i%s.n }

// Networks outside the VPCs that the network definition names: the sources that
// the public subnets' network ACL denies, the office, S3.
var (
	blockedCIDR = netip.MustParsePrefix("203.0.113.128/25")
	officeCIDR  = netip.MustParsePrefix("198.51.100.0/25")
	storageCIDR = netip.MustParsePrefix("52.216.0.0/15")
)

// goneCIDR is a VPC that is no longer at the transit gateway.
const goneCIDR = "10.3.0.0/16"

// newBook returns a book of all addresses outside the VPC. Their number grows
// with the number of records: a day of 10 million has about 130,000.
func newBook(c Config) *book {
	b := &book{entries: []address{{text: "-"}}}
	r := &rng{hash(c.Seed, 'b', 0)}
	seen := make(map[netip.Addr]bool)
	nets := make([][2]byte, 4000)
	for i := range nets {
		nets[i] = [2]byte{accessNetworks[r.below(uint32(len(accessNetworks)))], byte(r.below(256))}
	}
	public4 := func() netip.Addr {
		n := nets[r.skewed(uint32(len(nets)))]
		return netip.AddrFrom4([4]byte{n[0], n[1], byte(r.below(256)), byte(r.between(1, 254))})
	}
	public6 := func() netip.Addr {
		var a [16]byte
		binary.BigEndian.PutUint32(a[:], 0x2a00_0000|r.below(400)<<12)
		binary.BigEndian.PutUint32(a[4:], r.below(1<<20))
		binary.BigEndian.PutUint64(a[8:], r.next())
		return netip.AddrFrom16(a)
	}
	fill := func(n int64, service string, draw func() netip.Addr) span {
		s := span{uint32(len(b.entries)), uint32(n)}
		for int64(len(b.entries))-int64(s.first) < n {
			if a := draw(); !seen[a] {
				seen[a] = true
				b.add(address{ip: a, service: service})
			}
		}
		return s
	}
	within := func(p netip.Prefix) func() netip.Addr {
		return func() netip.Addr { return draw4(r, p) }
	}
	b.clients = fill(min(max(c.Records/105, 2_000), 1_000_000), "", public4)
	b.clients6 = fill(min(max(c.Records/1_000, 200), 100_000), "", public6)
	b.scanners = fill(min(max(c.Records/400, 500), 250_000), "", public4)
	b.blocked = fill(60, "", within(blockedCIDR))
	b.peers = fill(600, "", public4)
	for range 200 { // AWS's own services among the hosts that are called
		b.add(address{ip: draw4(r, netip.MustParsePrefix("52.94.0.0/16")), service: "AMAZON"})
	}
	b.peers.n += 200
	b.storage = fill(48, "S3", within(storageCIDR))
	b.office = fill(12, "", within(officeCIDR))
	device := uint64(0)
	b.fleet6 = fill(min(max(c.Records/20_000, 40), 2_000), "", func() netip.Addr {
		device++
		a := netip.MustParseAddr("2001:db8:f1ee:1::").As16()
		binary.BigEndian.PutUint64(a[8:], 0x0211_22ff_fe00_0000|device)
		return netip.AddrFrom16(a)
	})
	for _, known := range []struct {
		to *uint32
		ip string
	}{
		{&b.bruteHost, "203.0.113.66"},
		{&b.scanHost, "203.0.113.77"},
		{&b.dropHost, "203.0.113.43"},
		{&b.lateHost, "198.51.100.200"},
		{&b.goneHost, "10.3.0.25"},
		{&b.noHost, "10.9.4.18"},
	} {
		*known.to = b.add(address{ip: netip.MustParseAddr(known.ip)})
	}
	return b
}

// draw4 returns an address of an IPv4 prefix.
func draw4(r *rng, p netip.Prefix) netip.Addr {
	base := binary.BigEndian.Uint32(p.Addr().AsSlice())
	n := uint32(1) << (32 - p.Bits())
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, base|r.between(1, n-2))))
}

// add appends an address and returns its number.
func (b *book) add(a address) uint32 {
	a.text = a.ip.String()
	b.entries = append(b.entries, a)
	return uint32(len(b.entries) - 1)
}

// accessNetworks are first octets of clients' addresses: networks of internet
// providers in which AWS has no ranges, so that no service field is due.
var accessNetworks = []byte{
	2, 5, 24, 31, 37, 46, 58, 60, 62, 73, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 88, 89, 90, 91, 92, 93, 94, 95,
	101, 109, 112, 114, 117, 118, 119, 121, 122, 123, 124, 125, 126, 141, 145, 151, 153, 156, 171, 178, 179,
	181, 182, 183, 185, 186, 187, 188, 189, 190, 191, 193, 194, 195, 197, 200, 201, 212, 213, 217, 218, 219,
	220, 221, 222,
}

// fillStatic sets, for each interface, the text of the fields that stay the
// same. Fields that are not set are absent.
func (w *world) fillStatic() {
	c := w.cfg
	for _, e := range w.enis {
		s := &e.static
		s[flowlog.AccountID] = c.LogOwner
		s[flowlog.InterfaceID] = e.id
		s[flowlog.VPCID] = e.subnet.vpc.id
		s[flowlog.SubnetID] = e.subnet.id
		s[flowlog.InstanceID] = e.inst
		s[flowlog.Region] = c.Region
		s[flowlog.AZID] = zoneID(c.Region, e.subnet.zone)
		s[flowlog.InterfaceTag] = e.name
		s[flowlog.InterfaceTag2] = e.fleet.name
		switch e.role {
		case roleNAT:
			s[flowlog.InterfaceType] = "nat_gateway"
		case roleSharedAttach, roleDataAttach:
			s[flowlog.InterfaceType] = "transit_gateway"
		default: // AWS names no type for the others
		}
		if e.inst != "" {
			s[flowlog.InstanceTag] = e.name
			s[flowlog.InstanceTag2] = "production"
		}
		if e.fleet.asg {
			s[flowlog.ASGTag] = e.fleet.name
		}
		if e.role == roleApp {
			w.fillECS(e)
		}
	}
}

// fillECS sets the fields of an ECS task in awsvpc mode on an EC2 instance.
func (w *world) fillECS(e *eni) {
	hexID := func(kind uint64) string {
		const digits = "0123456789abcdef"
		out := make([]byte, 32)
		for i := range out {
			out[i] = digits[hash(w.cfg.Seed, kind+uint64(i), uint64(e.index))%16]
		}
		return string(out)
	}
	arn := "arn:aws:ecs:" + w.cfg.Region + ":" + w.cfg.LogOwner + ":"
	instance, task := hexID('c'<<8), hexID('t'<<8)
	s := &e.static
	s[flowlog.ECSClusterARN] = arn + "cluster/shop"
	s[flowlog.ECSClusterName] = "shop"
	s[flowlog.ECSContainerInstanceARN] = arn + "container-instance/shop/" + instance
	s[flowlog.ECSContainerInstanceID] = instance
	s[flowlog.ECSContainerID] = task + "-" + hexID('1' << 8)[:10]
	s[flowlog.ECSSecondContainerID] = task + "-" + hexID('2' << 8)[:10]
	s[flowlog.ECSServiceName] = "app"
	s[flowlog.ECSTaskDefinitionARN] = arn + "task-definition/app:42"
	s[flowlog.ECSTaskARN] = arn + "task/shop/" + task
	s[flowlog.ECSTaskID] = task
}
