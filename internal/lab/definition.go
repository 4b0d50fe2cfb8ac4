package lab

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"weir/internal/netmodel"
)

// A Definition is what a lab has.
type Definition struct {
	Network *netmodel.Network
	// VPC is the id of the network's VPC, of several the one whose router is "vpc".
	VPC string
	// Routers are the names of the routers' namespaces by the ids of their VPCs.
	Routers map[string]string
	// Transit is the id of the network's transit gateway; "": it has none.
	Transit string
	// Hosts and Internet are by name.
	Hosts    map[string]Host
	Internet map[string]Far
	// simple are the hosts with a simple listener in place of what they run, since that is not installed.
	simple map[string]bool
	// lab and network are the files that it was read of.
	lab, network yamlText
}

// A Host is who has a network interface.
type Host struct {
	ENI string `yaml:"eni"`
	// Serves are TCP ports at which it answers with a line.
	Serves   []uint16 `yaml:"serves"`
	Software `yaml:",inline"`
}

// A Far is an end in the internet. IPv6 is its IPv6 address, if it has one.
type Far struct {
	Address netip.Addr `yaml:"address"`
	Serves  []uint16   `yaml:"serves"`
	IPv6    netip.Addr `yaml:"ipv6"`
	// ServesUDP are UDP ports at which it answers each datagram with one.
	ServesUDP []uint16 `yaml:"serves-udp"`
}

// addresses are those that it has.
func (f Far) addresses() []netip.Addr {
	if f.IPv6.IsValid() {
		return []netip.Addr{f.Address, f.IPv6}
	}
	return []netip.Addr{f.Address}
}

// file is what a lab's file has.
type file struct {
	Network  string          `yaml:"network"`
	Hosts    map[string]Host `yaml:"hosts"`
	Internet map[string]Far  `yaml:"internet"`
	// VPCs are the ids of VPCs by the names of their routers' namespaces: of all but one, whose router is "vpc".
	VPCs map[string]string `yaml:"vpcs"`
}

//go:embed default/lab.yaml default/network.yaml
var defaults embed.FS

// The names of a definition's files in a lab's folder.
const definitionFile, networkFile = "lab.yaml", "network.yaml"

// hostName is what names look like: with Prefix it is a namespace's, and with eni- a device's, which have 15 letters at most.
var hostName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,10}$`)

// ErrDefinition is of a definition that is none, or that a lab can't build.
var ErrDefinition = errors.New("no definition of a lab")

// definitionFiles returns the paths of a definition's files. The name of the network's is relative to the folder of the other.
func definitionFiles(name string) (definition, network string, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", "", err
	}
	var f file
	if err := decode(name, data, &f); err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrDefinition, err)
	}
	if f.Network == "" {
		return "", "", fmt.Errorf("%w: %s: it names no network", ErrDefinition, name)
	}
	if ext := filepath.Ext(f.Network); ext != ".yaml" && ext != ".yml" {
		return "", "", fmt.Errorf("%w: %s: its network is %q, and no file of YAML", ErrDefinition, name, f.Network)
	}
	if filepath.IsAbs(f.Network) {
		return name, f.Network, nil
	}
	return name, filepath.Join(filepath.Dir(name), f.Network), nil
}

// CheckDefinition says what is wrong with a definition, with the names of its files as they are given, or why a lab can't build it.
func CheckDefinition(name string) error {
	definition, network, err := definitionFiles(name)
	if err != nil {
		return err
	}
	d, err := load(definition, network)
	if err != nil {
		return err
	}
	_, err = planOf(d)
	return err
}

// CopyDefinition puts the files of a definition into a folder: those of the default one if name is "".
func CopyDefinition(name, dir string) error {
	from, read := [2]string{"default/" + definitionFile, "default/" + networkFile}, defaults.ReadFile
	if name != "" {
		definition, network, err := definitionFiles(name)
		if err != nil {
			return err
		}
		from, read = [2]string{definition, network}, os.ReadFile
	}
	for i, to := range [2]string{definitionFile, networkFile} {
		data, err := read(from[i])
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ReadDefinition reads the definition of a lab's folder.
func ReadDefinition(dir string) (*Definition, error) {
	d, err := load(filepath.Join(dir, definitionFile), filepath.Join(dir, networkFile))
	if err != nil {
		return nil, err
	}
	s, err := read(dir)
	if s != nil {
		d.simple = s.simple()
	}
	return d, err
}

// load reads a definition of two files.
func load(definition, network string) (*Definition, error) {
	data, err := os.ReadFile(definition)
	if err != nil {
		return nil, err
	}
	loaded, err := netmodel.Load(network)
	if err == nil && len(loaded.Problems) > 0 {
		err = errors.New(loaded.Problems[0].String())
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDefinition, err)
	}
	text, err := os.ReadFile(network)
	if err != nil {
		return nil, err
	}
	return parse(yamlText{definition, data}, yamlText{network, text}, loaded.Network)
}

// parse reads a lab's file and holds it against its network.
func parse(lab, network yamlText, n *netmodel.Network) (*Definition, error) {
	var f file
	if err := decode(lab.name, lab.data, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDefinition, err)
	}
	d := &Definition{Network: n, Hosts: f.Hosts, Internet: f.Internet, lab: lab, network: network}
	for _, check := range []func() error{
		func() error { return d.checkRouters(&f) }, d.checkHosts, d.checkSoftware, d.checkAddresses, d.checkRules, d.checkTransit, d.checkGateways, d.checkInternet, d.checkDecided,
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// checkHosts holds the hosts against the network: each network interface has one.
func (d *Definition) checkHosts() error {
	taken := map[string]string{}
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		h := d.Hosts[host]
		eni, at := d.Network.Interfaces[h.ENI], inLab("hosts", host)
		switch {
		case !hostName.MatchString(host):
			return d.refuse(at, "%q is no name of a host: 1 to 11 lower-case letters, digits and dashes", host)
		case slices.Contains(d.namespaces(), host):
			return d.refuse(at, "%s is the name of a namespace that each lab has", host)
		case h.ENI == "":
			return d.refuse(at, "host %s: it has no eni", host)
		case eni == nil:
			return d.refuse(inLab("hosts", host, "eni"), "host %s: its network has no network interface %q", host, h.ENI)
		case taken[eni.ID] != "":
			return d.refuse(inLab("hosts", host, "eni"), "hosts %s and %s have both %s", taken[eni.ID], host, eni.ID)
		case len(eni.Addresses) == 0 || !eni.Addresses[0].Is4():
			return d.refuse(inNetwork("network-interfaces", eni.ID), "%s: a lab builds interfaces whose first address is an IPv4 address", eni.ID)
		case len(eni.Prefixes) > 0:
			return d.refuse(inNetwork("network-interfaces", eni.ID, "prefixes"), "%s: delegated prefixes are not built", eni.ID)
		}
		if i := slices.Index(h.Serves, 0); i >= 0 {
			return d.refuse(inLab("hosts", host, "serves", i), "host %s: 0 is no port that it can serve", host)
		}
		taken[eni.ID] = host
	}
	for _, id := range slices.Sorted(maps.Keys(d.Network.Interfaces)) {
		if taken[id] == "" && d.Network.Interfaces[id].Type != attachmentType {
			return d.refuse(inLab("hosts"), "no host has %s of its network", id)
		}
	}
	return nil
}

// checkInternet holds the ends in the internet against the network.
func (d *Definition) checkInternet() error {
	held := map[netip.Addr]string{}
	for _, eni := range d.Network.Interfaces {
		for _, public := range eni.Public {
			held[public] = eni.ID
		}
		for _, own := range eni.Addresses {
			if own.Is6() {
				held[own] = eni.ID
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Internet)) {
		far := d.Internet[name]
		a, six, at := far.Address, far.IPv6, inLab("internet", name)
		_, host := d.Hosts[name]
		switch {
		case !hostName.MatchString(name):
			return d.refuse(at, "%q is no name: 1 to 11 lower-case letters, digits and dashes", name)
		case host || slices.Contains(d.namespaces(), name):
			return d.refuse(at, "%s is there twice", name)
		case !a.Is4():
			return d.refuse(at, "%s: its address is no IPv4 address", name)
		case held[a] != "":
			return d.refuse(at, "%s: %s is that of %s", name, a, held[a])
		case d.within(a) || !public(a):
			return d.refuse(at, "%s: %s is not of the internet", name, a)
		case slices.Contains(far.Serves, 0) || slices.Contains(far.ServesUDP, 0):
			return d.refuse(at, "%s: 0 is no port that it can serve", name)
		case !six.IsValid():
		case !six.Is6() || six.Is4In6():
			return d.refuse(at, "%s: its ipv6 is no IPv6 address", name)
		case held[six] != "":
			return d.refuse(at, "%s: %s is that of %s", name, six, held[six])
		case d.within(six) || !public(six):
			return d.refuse(at, "%s: %s is not of the internet", name, six)
		}
		held[a] = name
		if six.IsValid() {
			held[six] = name
		}
	}
	return nil
}

// within reports whether an address is of a VPC.
func (d *Definition) within(a netip.Addr) bool {
	for _, v := range d.Network.VPCs {
		if slices.ContainsFunc(v.CIDRs, func(c netip.Prefix) bool { return c.Contains(a) }) {
			return true
		}
	}
	return false
}
