// Package ipranges reads AWS's ip-ranges.json, which lists the networks of AWS, and says of which
// service and region an address is.
//
// What comes in: the file as AWS publishes it. What goes out: services and regions. Packages app
// and agent call it.
package ipranges

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// URL is where AWS publishes the file.
//
// Source: VPC user guide, "AWS IP address ranges".
const URL = "https://ip-ranges.amazonaws.com/ip-ranges.json"

// amazon is the service of all ranges: what no other service has is one that AWS does not name.
const amazon = "AMAZON"

// Ranges are the networks of AWS. They are not changed; it is safe to use them concurrently.
type Ranges struct {
	// CreateDate is when AWS made them, as the file says: 2026-03-02-10-15-03.
	CreateDate string
	networks   map[netip.Prefix][]entry
	bits       [2][]int // lengths of prefixes that there are, the longest first, of IPv4 and IPv6
}

// entry is what the file says of a network.
type entry struct{ service, region string }

// Len returns how many networks there are.
func (r *Ranges) Len() int { return len(r.networks) }

// file is ip-ranges.json.
type file struct {
	CreateDate string `json:"createDate"`
	Prefixes   []struct {
		Prefix  string `json:"ip_prefix"`
		Region  string `json:"region"`
		Service string `json:"service"`
	} `json:"prefixes"`
	IPv6Prefixes []struct {
		Prefix  string `json:"ipv6_prefix"`
		Region  string `json:"region"`
		Service string `json:"service"`
	} `json:"ipv6_prefixes"`
}

// Parse reads the file. An error says where in it something is wrong; nothing of it is taken
// then.
func Parse(text []byte) (*Ranges, error) {
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		if at, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("no ip-ranges.json: byte %d: %w", at.Offset, err)
		}
		return nil, fmt.Errorf("no ip-ranges.json: %w", err)
	}
	r := &Ranges{CreateDate: f.CreateDate, networks: map[netip.Prefix][]entry{}}
	for i, p := range f.Prefixes {
		if err := r.add(p.Prefix, true, entry{p.Service, p.Region}); err != nil {
			return nil, fmt.Errorf("prefixes[%d]: %w", i, err)
		}
	}
	for i, p := range f.IPv6Prefixes {
		if err := r.add(p.Prefix, false, entry{p.Service, p.Region}); err != nil {
			return nil, fmt.Errorf("ipv6_prefixes[%d]: %w", i, err)
		}
	}
	if len(r.networks) == 0 {
		return nil, errors.New("no ip-ranges.json: it has neither prefixes nor ipv6_prefixes")
	}
	for i := range r.bits {
		slices.Sort(r.bits[i])
		slices.Reverse(r.bits[i])
	}
	return r, nil
}

func (r *Ranges) add(text string, is4 bool, e entry) error {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no CIDR", text)
	case p.Addr().Is4() != is4 || p.Addr().Is4In6():
		return fmt.Errorf("%s is of the other family", p)
	case p != p.Masked():
		return fmt.Errorf("%s has bits beyond its prefix", p)
	case e.service == "" || e.region == "":
		return fmt.Errorf("%s has no service or no region", p)
	}
	if !slices.Contains(r.networks[p], e) {
		r.networks[p] = append(r.networks[p], e)
	}
	if bits := &r.bits[family(p.Addr())]; !slices.Contains(*bits, p.Bits()) {
		*bits = append(*bits, p.Bits())
	}
	return nil
}

func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// Of returns the services that have an address, by AWS's codes in order with commas between them,
// and its region, both "" where it is not AWS's. AMAZON is given where no other service is: it has
// all networks. The region is that of the smallest network; "" where that has several.
func (r *Ranges) Of(a netip.Addr) (service, region string) {
	a = a.Unmap()
	var services []string
	smallest := true
	for _, bits := range r.bits[family(a)] {
		p, err := a.Prefix(bits)
		if err != nil {
			continue // a is no address
		}
		entries := r.networks[p]
		for i, e := range entries {
			if e.service != amazon && !slices.Contains(services, e.service) {
				services = append(services, e.service)
			}
			if smallest && i == 0 {
				region = e.region
			} else if smallest && region != e.region {
				region = ""
			}
		}
		if len(entries) > 0 {
			smallest = false
		}
	}
	if smallest {
		return "", ""
	}
	if len(services) == 0 {
		return amazon, region
	}
	slices.Sort(services)
	return strings.Join(services, ","), region
}

// Service returns the code of the service that has an address, as flow logs name it in pkt-src-aws-service and pkt-dst-aws-service: AMAZON where no other has it, "" where it is not AWS's, and where
// several services have it, of which flow logs name one and AWS does not say which.
//
// Source: VPC user guide, "Flow log records"; spec a.3.
func (r *Ranges) Service(a netip.Addr) string {
	service, _ := r.Of(a)
	if strings.Contains(service, ",") {
		return ""
	}
	return service
}
