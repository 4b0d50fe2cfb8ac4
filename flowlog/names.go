package flowlog

import "strings"

// NamedNumber is a word that people use for a number.
type NamedNumber struct {
	Name   string
	Number int64
}

// Protocols returns the names of IP protocols that occur in flow logs, the usual
// name of a number first (IANA, Assigned Internet Protocol Numbers). The caller
// must not change the slice.
func Protocols() []NamedNumber { return protocols }

// Services returns the names of services at their well-known ports, the usual
// name of a port first (IANA, Service Name and Transport Protocol Port Number
// Registry, and the short names that people use). A name says what the port is
// for, not what the packets were. The caller must not change the slice.
func Services() []NamedNumber { return services }

// ProtocolName returns the usual name of an IP protocol.
func ProtocolName(number int64) (string, bool) { return nameOf(protocols, number) }

// ServiceName returns the usual name of the service at a port.
func ServiceName(port int64) (string, bool) { return nameOf(services, port) }

// ProtocolNumber returns the number of an IP protocol by any of its names, in
// any case.
func ProtocolNumber(name string) (int64, bool) { return numberOf(protocols, name) }

// ServicePort returns the port of a service by any of its names, in any case.
func ServicePort(name string) (int64, bool) { return numberOf(services, name) }

func nameOf(names []NamedNumber, number int64) (string, bool) {
	for _, n := range names {
		if n.Number == number {
			return n.Name, true
		}
	}
	return "", false
}

func numberOf(names []NamedNumber, name string) (int64, bool) {
	for _, n := range names {
		if strings.EqualFold(n.Name, name) {
			return n.Number, true
		}
	}
	return 0, false
}

var protocols = []NamedNumber{
	{"icmp", 1},
	{"igmp", 2},
	{"ipip", 4},
	{"ipv4", 4},
	{"tcp", 6},
	{"egp", 8},
	{"igp", 9},
	{"udp", 17},
	{"dccp", 33},
	{"ipv6", 41},
	{"rsvp", 46},
	{"gre", 47},
	{"esp", 50},
	{"ah", 51},
	{"icmpv6", 58},
	{"ipv6-icmp", 58},
	{"eigrp", 88},
	{"ospf", 89},
	{"ospfigp", 89},
	{"etherip", 97},
	{"pim", 103},
	{"ipcomp", 108},
	{"vrrp", 112},
	{"l2tp", 115},
	{"sctp", 132},
	{"udplite", 136},
	{"mpls-in-ip", 137},
}

var services = []NamedNumber{
	{"ftp-data", 20},
	{"ftp", 21},
	{"ssh", 22},
	{"telnet", 23},
	{"smtp", 25},
	{"dns", 53},
	{"domain", 53},
	{"dhcp", 67},
	{"bootps", 67},
	{"bootpc", 68},
	{"tftp", 69},
	{"http", 80},
	{"kerberos", 88},
	{"pop3", 110},
	{"rpcbind", 111},
	{"ntp", 123},
	{"msrpc", 135},
	{"netbios-ns", 137},
	{"netbios-ssn", 139},
	{"imap", 143},
	{"snmp", 161},
	{"snmptrap", 162},
	{"bgp", 179},
	{"ldap", 389},
	{"https", 443},
	{"smb", 445},
	{"microsoft-ds", 445},
	{"isakmp", 500},
	{"submissions", 465},
	{"syslog", 514},
	{"submission", 587},
	{"ldaps", 636},
	{"imaps", 993},
	{"pop3s", 995},
	{"openvpn", 1194},
	{"mssql", 1433},
	{"oracle", 1521},
	{"nfs", 2049},
	{"etcd", 2379},
	{"mysql", 3306},
	{"rdp", 3389},
	{"ipsec-nat-t", 4500},
	{"vxlan", 4789},
	{"postgresql", 5432},
	{"postgres", 5432},
	{"redshift", 5439},
	{"amqp", 5672},
	{"vnc", 5900},
	{"winrm", 5985},
	{"redis", 6379},
	{"kube-apiserver", 6443},
	{"elasticsearch", 9200},
	{"kafka", 9092},
	{"memcached", 11211},
	{"mongodb", 27017},
}
