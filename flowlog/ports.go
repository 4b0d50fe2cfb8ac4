package flowlog

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// PortName returns the name of the service whose port a number is with an IP protocol: https
// for 443 with TCP (6). It reports false for ports that have none, ephemeral ones above all, and
// for protocols without ports. Names are those of [Services], else those of IANA for the
// system ports, 1 to 1023, and a few others; a name says what the port is for, not what the
// packets were.
//
// Source: IANA, Service Name and Transport Protocol Port Number Registry (ports.txt).
func PortName(port, protocol int64) (string, bool) {
	i, ok := portProtocols[protocol]
	if !ok || port < 0 || port > maxPort {
		return "", false
	}
	t := portNames()
	name := t.names[t.at[port]][i]
	return name, name != ""
}

const maxPort = 65535

// portProtocols are the protocols that have ports of the registry, by number, and their places
// in tables.
var portProtocols = map[int64]int{6: 0, 17: 1, 33: 2, 132: 3}

// registeredPorts has a line for each name at a port: "443 https tcp udp". Those that begin
// with # say where they come from.
//
//go:embed ports.txt
var registeredPorts string

// usualPorts are the names that people use where the registry has others, or none: "domain"
// is dns, and the port of "ncube-lm" is Oracle's. They are in Services too, where they are
// found by their names; of 465 there the registry has two names.
const usualPorts = `
53 dns tcp udp
67 dhcp udp
111 rpcbind tcp udp
135 msrpc tcp udp
445 smb tcp
465 submissions tcp
1433 mssql tcp
1521 oracle tcp
2049 nfs tcp udp sctp
2379 etcd tcp
3389 rdp tcp udp
5439 redshift tcp
5900 vnc tcp
5985 winrm tcp
6443 kube-apiserver tcp
9092 kafka tcp
9200 elasticsearch tcp
11211 memcached tcp udp
`

// portTable has the names of ports.
type portTable struct {
	at    [maxPort + 1]uint16 // the place of a port in names; 0: it has none
	names [][4]string         // by portProtocols
}

var portNames = sync.OnceValue(func() *portTable {
	t := &portTable{names: make([][4]string, 1)}
	for line := range strings.Lines(registeredPorts + usualPorts) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		port, err := strconv.ParseUint(words[0], 10, 16)
		if err != nil || len(words) < 3 {
			panic(fmt.Sprintf("flowlog: ports.txt: %q", line)) // a test reads it
		}
		if t.at[port] == 0 {
			t.at[port] = uint16(len(t.names))
			t.names = append(t.names, [4]string{})
		}
		for _, protocol := range words[2:] {
			number, _ := ProtocolNumber(protocol)
			t.names[t.at[port]][portProtocols[number]] = words[1]
		}
	}
	return t
})
