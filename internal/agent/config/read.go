package config

import (
	"net/netip"
	"path/filepath"

	"go.yaml.in/yaml/v4"
)

// DefaultListen is where health and metrics are if nobody says.
var DefaultListen = netip.MustParseAddrPort("127.0.0.1:8788")

// Where an agent keeps things, and how much, if nobody says.
const (
	DefaultState = "/var/lib/weir-agent"
	DefaultPin   = "/sys/fs/bpf/weir"
)

// mostEntries bounds the tables: 4 GiB of entries.
const mostEntries = 1 << 24

// mostRing bounds the ring of a device: 1 GiB.
const mostRing = 1 << 30

// Read reads a config. The error is an [*Error].
func Read(file string, data []byte) (*Config, error) {
	r := &reader{file}
	root, err := r.root(data)
	if err != nil {
		return nil, err
	}
	c := &Config{File: file, Listen: DefaultListen, Capture: Captures[0], State: DefaultState, Pin: DefaultPin}
	bytes := &bounds{reader: r, config: c}
	mode, nat := "shadow", "none"
	connections, rejects := int64(0), int64(0)
	err = r.mapping(root, "the keys of an agent, such as network,",
		keyed{"network", false, func(n *yaml.Node) error { return r.network(c, n) }},
		keyed{"ip-ranges", false, func(n *yaml.Node) error {
			err := r.text(&c.IPRanges)(n)
			c.IPRanges = r.path(c.IPRanges)
			return err
		}},
		keyed{"listen", false, func(n *yaml.Node) error { return r.listen(&c.Listen, n) }},
		keyed{"socket", false, r.folder(&c.Socket)},
		keyed{"attachments", false, r.folder(&c.Attachments)},
		keyed{"mode", false, r.mode(&mode)},
		keyed{"state", false, r.folder(&c.State)},
		keyed{"pin", false, r.pin(&c.Pin)},
		keyed{"spool-bytes", false, bytes.spool},
		keyed{"state-bytes", false, bytes.state},
		keyed{"capture", false, r.oneOf(&c.Capture, Captures...)},
		keyed{"ring", false, r.number(&c.Ring, mostRing)},
		keyed{"connections", false, r.number(&connections, mostEntries)},
		keyed{"rejects", false, r.number(&rejects, mostEntries)},
		keyed{"nat", false, r.oneOf(&nat, "none", "conntrack")},
		keyed{"interfaces", false, func(n *yaml.Node) error {
			return r.list(n, func(n *yaml.Node) error { return r.device(c, n) })
		}},
		keyed{"flow-logs", false, func(n *yaml.Node) error { return r.flowLogs(c, n) }},
		keyed{"server", false, func(n *yaml.Node) error { return r.server(c, n) }},
		keyed{"buckets", false, r.folder(&c.Buckets)},
	)
	if err == nil {
		err = r.oneSource(c, root)
	}
	if err == nil {
		err = bytes.settle()
	}
	if err != nil {
		return nil, err
	}
	c.Connections, c.Rejects = uint32(connections), uint32(rejects)
	c.NAT = nat == "conntrack"
	if c.Attachments == "" {
		c.Attachments = filepath.Join(c.State, "attachments.json")
	}
	for i := range c.Interfaces {
		if c.Interfaces[i].Mode == "" {
			c.Interfaces[i].Mode = mode
		}
	}
	if c.Capture == "packet" {
		if err := c.Unenforced(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Captures are the ways to count, the default first: the one that loses nothing and can enforce. Another one is not taken in silence.
var Captures = []string{"bpf", "packet", "auto"}

// Unenforced returns an error if something is to be enforced or observed, which packets can't be that a socket gets.
func (c *Config) Unenforced() error {
	for i := range c.Interfaces {
		if in := &c.Interfaces[i]; in.Mode == "enforce" {
			return c.Errorf(in.Place, "mode enforce takes capture: bpf: what a packet socket gets has passed already")
		} else if in.Mode == "observe" {
			return c.Errorf(in.Place, "mode observe takes capture: bpf: a packet socket does not tell what becomes of a packet")
		}
	}
	return nil
}

// Modes are what can be done at an interface.
var Modes = []string{"count", "shadow", "enforce", "observe"}

// mode reads what is done at an interface.
func (r *reader) mode(to *string) func(*yaml.Node) error { return r.oneOf(to, Modes...) }

// network reads the paths of the definition: one, or a list.
func (r *reader) network(c *Config, n *yaml.Node) error {
	one := func(n *yaml.Node) error {
		var name string
		if err := r.text(&name)(n); err != nil {
			return err
		}
		c.Network = append(c.Network, r.path(name))
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return one(n)
	}
	if err := r.list(n, one); err != nil {
		return err
	}
	if len(c.Network) == 0 {
		return r.bad(n, "no file of the network's definition")
	}
	return nil
}

// path returns a path that is relative to the file's folder.
func (r *reader) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(r.file), name)
}

// folder reads a path.
func (r *reader) folder(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		err := r.text(to)(n)
		*to = r.path(*to)
		return err
	}
}

// pin reads a path, or none.
func (r *reader) pin(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := r.text(to)(n); err != nil || *to != "none" {
			*to = r.path(*to)
			return err
		}
		*to = ""
		return nil
	}
}

func (r *reader) listen(to *netip.AddrPort, n *yaml.Node) error {
	var text string
	if err := r.text(&text)(n); err != nil {
		return err
	}
	at, err := netip.ParseAddrPort(text)
	if err != nil {
		return r.bad(n, "%q is no address with a port, such as %s", text, DefaultListen)
	}
	if !at.Addr().IsLoopback() {
		return r.bad(n, "%s is not of the loopback device: health and metrics ask for no password", at.Addr())
	}
	*to = at
	return nil
}
