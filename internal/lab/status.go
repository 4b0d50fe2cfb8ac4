package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// The states of a lab.
const (
	StateUp        = "up"
	StateDown      = "down"
	StateHalfBuilt = "half-built"
)

// Status is what there is of a lab.
type Status struct {
	State string `json:"state"`
	// Why says what a half-built one lacks, or has left behind.
	Why string `json:"why,omitempty"`
	// Changed says that a run which was killed has left what its scenarios had changed. The next one takes it back.
	Changed    bool          `json:"changed,omitempty"`
	Dir        string        `json:"dir"`
	Data       string        `json:"data,omitempty"`
	Records    string        `json:"records,omitempty"`
	URL        string        `json:"url,omitempty"`
	CloseEvery float64       `json:"close_every_seconds,omitempty"`
	Started    *time.Time    `json:"started,omitempty"`
	Hosts      []HostStatus  `json:"hosts,omitempty"`
	Namespaces []string      `json:"namespaces,omitempty"` // of routers and the internet, as weir lab shell takes them
	Processes  []Process     `json:"processes,omitempty"`
	AWS        *AWS          `json:"aws,omitempty"`
	every      time.Duration // of windows
	// Endpoints and Credentials are for clients. Who may not read the credentials has none.
	Endpoints   *Endpoints   `json:"endpoints,omitempty"`
	Credentials *Credentials `json:"credentials,omitempty"`
}

// HostStatus is a host, or an end in the internet.
type HostStatus struct {
	Name    string   `json:"name"`
	ENI     string   `json:"eni,omitempty"`
	Address string   `json:"address"`
	Public  string   `json:"public,omitempty"`
	Subnet  string   `json:"subnet,omitempty"`
	AZ      string   `json:"az,omitempty"`
	Serves  []uint16 `json:"serves,omitempty"`
	Netns   string   `json:"netns"`
	VPC     string   `json:"vpc,omitempty"`
	// Further are its other private addresses, IPv4 and IPv6.
	Further []string `json:"further_addresses,omitempty"`
	// Runs is the software that listens at Ports, and Simple says that a simple listener does in its place, since it is not installed.
	Runs   string   `json:"runs,omitempty"`
	Ports  []uint16 `json:"ports,omitempty"`
	Simple bool     `json:"simple,omitempty"`
	// ServesUDP are UDP ports, and Serves those of TCP.
	ServesUDP []uint16 `json:"serves_udp,omitempty"`
}

// roles are the processes that each lab has.
var roles = []string{"agent", "hosts", "serve"}

// roles are the processes of a lab.
func (d *Definition) roles() []string {
	if d.Transit == "" {
		return roles
	}
	return append(slices.Clone(roles), transitRole)
}

// Look says what there is of the lab of a folder. It takes root to see its processes.
func Look(dir string) (*Status, error) {
	s, err := read(dir)
	if err != nil {
		return nil, err
	}
	names, err := made()
	if err != nil {
		return nil, err
	}
	all, elsewhere, err := processes(dir)
	if err != nil {
		return nil, err
	}
	if s == nil && elsewhere != "" {
		return nil, fmt.Errorf("%w, %s", ErrElsewhere, elsewhere)
	}
	out := &Status{State: StateDown, Dir: dir, Processes: all}
	switch {
	case s == nil && len(names) == 0 && len(all) == 0:
		return out, nil
	case s == nil:
		out.State, out.Why = StateHalfBuilt, fmt.Sprintf("there are %d namespaces %s* and %d processes, and no lab in %s", len(names), Prefix, len(all), dir)
		return out, nil
	case !s.Up:
		out.State, out.Why = StateHalfBuilt, "it was not built to its end"
		return out, nil
	}
	d, err := s.definition()
	if err != nil {
		out.State, out.Why = StateHalfBuilt, err.Error()
		return out, nil
	}
	out.State = StateUp
	out.Data, out.Records, out.URL, out.Started = s.path(dataFolder), s.path(recordsFolder), "http://"+s.Listen+"/", &s.Started
	out.CloseEvery, out.every = s.Every.Seconds(), s.Every
	if out.every == 0 {
		out.every = time.Minute
	}
	out.Hosts, out.Namespaces, out.AWS = d.hosts(), d.namespaces(), s.aws(d.Network)
	out.Endpoints, out.Credentials = endpointsOf(out.AWS), out.AWS.credentials()
	if out.Changed, err = s.changed(); err != nil {
		return nil, err
	}
	if lacks := append(lacking(d, names, all), s.lackingS3(all)...); len(lacks) > 0 && os.Geteuid() == 0 {
		out.State, out.Why = StateHalfBuilt, "there is no "+strings.Join(lacks, ", ")
	}
	return out, nil
}

// changed reports whether a run has left what it had changed, and none is at it. Who may not see that is told nothing.
func (s *state) changed() (bool, error) {
	if _, err := os.Stat(s.path(beforeFolder)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	pid, err := runner(s.Dir)
	if errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	return pid == 0 && err == nil, err
}

// lacking returns what a lab that was built does not have any more.
func lacking(d *Definition, names []string, all []Process) (out []string) {
	wanted := append(d.namespaces(), slices.Sorted(maps.Keys(d.Hosts))...)
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			out = append(out, "namespace "+Prefix+name)
		}
	}
	wanted = d.roles()
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		if d.real(host) {
			wanted = append(wanted, rolePrefix+host)
		}
	}
	for _, role := range wanted {
		if !slices.ContainsFunc(all, func(p Process) bool { return p.Role == role }) {
			out = append(out, "process "+role)
		}
	}
	return out
}

// hosts are those of the VPC, and then those of the internet, by name.
func (d *Definition) hosts() (out []HostStatus) {
	for _, name := range slices.Sorted(maps.Keys(d.Hosts)) {
		eni := d.eni(name)
		h := HostStatus{Name: name, ENI: eni.ID, Address: eni.Addresses[0].String(), Subnet: eni.Subnet, AZ: eni.AZ, Serves: d.Hosts[name].Serves, Netns: Prefix + name, VPC: eni.VPC}
		for _, a := range eni.Addresses[1:] {
			h.Further = append(h.Further, a.String())
		}
		software := d.Hosts[name].Software
		h.Runs, h.Ports, h.Simple = software.Runs, software.ports(), d.simple[name]
		if public, ok := eni.Public[eni.Addresses[0]]; ok {
			h.Public = public.String()
		}
		out = append(out, h)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Internet)) {
		h := HostStatus{Name: name, Address: d.Internet[name].Address.String(), Serves: d.Internet[name].Serves, Netns: Prefix + internet, ServesUDP: d.Internet[name].ServesUDP}
		if six := d.Internet[name].IPv6; six.IsValid() {
			h.Further = []string{six.String()}
		}
		out = append(out, h)
	}
	return out
}

// Shell returns the command line that puts a program into a host of a lab that is up.
func Shell(ctx context.Context, dir, host string, program []string) (argv []string, env string, err error) {
	s, err := Look(dir)
	if err != nil {
		return nil, "", err
	}
	switch {
	case s.State == StateDown:
		return nil, "", ErrDown
	case os.Geteuid() != 0:
		return nil, "", fmt.Errorf("to be a host of the lab takes root: %w", os.ErrPermission)
	case s.State == StateHalfBuilt && len(s.Hosts) == 0:
		return nil, "", fmt.Errorf("%w: %s", ErrHalfBuilt, s.Why)
	}
	names := slices.Clone(s.Namespaces)
	if slices.Contains(names, host) {
		return append([]string{"ip", "netns", "exec", Prefix + host}, program...), envLab + "=" + dir, ctx.Err()
	}
	for _, h := range s.Hosts {
		if h.Name == host {
			argv = []string{"ip", "netns", "exec", h.Netns}
			if h.ENI == "" {
				as, err := s.asFar(ctx, host)
				if err != nil {
					return nil, "", err
				}
				argv = append(argv, as...)
			}
			return append(argv, program...), envLab + "=" + dir, ctx.Err()
		}
		names = append(names, h.Name)
	}
	return nil, "", fmt.Errorf("%w: there is no host %s; there are %s", ErrNoHost, host, strings.Join(names, ", "))
}
