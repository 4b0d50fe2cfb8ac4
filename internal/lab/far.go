package lab

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// farGroup is the group id of the first end in the internet: who is one by weir lab shell runs programs as its group.
const farGroup = 20000

// asFar returns the words before a program that has it be an end in the internet. All ends are in one namespace, in which a program would send by the address of the link; what the sockets of
// the end's group send gets the end's address instead. The rules are made when somebody is first an end, so that scenarios, which say the address themselves, are not translated before.
func (s *Status) asFar(ctx context.Context, host string) ([]string, error) {
	var four, six strings.Builder
	group := 0
	next := farGroup
	for _, h := range s.Hosts {
		if h.ENI != "" {
			continue
		}
		if h.Name == host {
			group = next
		}
		fmt.Fprintf(&four, "meta skgid %d ip daddr != 127.0.0.0/8 snat to %s; ", next, h.Address)
		for _, further := range h.Further {
			if a, err := netip.ParseAddr(further); err == nil && a.Is6() {
				fmt.Fprintf(&six, "meta skgid %d ip6 daddr != ::1 snat to %s; ", next, a)
			}
		}
		next++
	}
	var script strings.Builder
	for family, rules := range map[string]string{"ip": four.String(), "ip6": six.String()} {
		if rules != "" {
			fmt.Fprintf(&script, "add table %[1]s ends\ndelete table %[1]s ends\ntable %[1]s ends {\n\tchain postrouting { type nat hook postrouting priority srcnat; %[2]s}\n}\n", family, rules)
		}
	}
	if err := tell(ctx, Prefix+internet, script.String(), "nft", "-f", "-"); err != nil {
		return nil, err
	}
	return []string{"setpriv", "--regid", strconv.Itoa(group), "--keep-groups", "--"}, nil
}
