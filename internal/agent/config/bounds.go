package config

import "go.yaml.in/yaml/v4"

// How much may wait to be delivered if nobody says. All flow logs together have half of the 8 GiB root volume of Amazon's Linux images: a state that fills the disk of its host harms more than flow logs.
const (
	DefaultSpoolBytes = 1 << 30
	DefaultStateBytes = 4 << 30
)

const (
	// mostSpool bounds what may wait: a tebibyte.
	mostSpool = 1 << 40
	// leastState is what the state has to have room for: windows that are open are in it too, tens of megabytes where there are many flows.
	leastState = 64 << 20
)

// bounds reads how much may wait.
type bounds struct {
	reader *reader
	config *Config
	said   *yaml.Node // spool-bytes
}

// spool reads what each flow log may have.
func (b *bounds) spool(n *yaml.Node) error {
	b.said = n
	return b.reader.number(&b.config.SpoolBytes, mostSpool)(n)
}

// state reads what all may have on disk.
func (b *bounds) state(n *yaml.Node) error {
	if err := b.reader.number(&b.config.StateBytes, mostSpool)(n); err != nil {
		return err
	}
	if b.config.StateBytes < leastState {
		return b.reader.bad(n, "state-bytes has to be %d at least: what is counted and in no record yet is in it too", leastState)
	}
	return nil
}

// settle completes what nobody says: a spool-bytes that somebody says is not cut by a default.
func (b *bounds) settle() error {
	c := b.config
	switch {
	case b.said == nil:
		c.SpoolBytes = DefaultSpoolBytes
	case c.StateBytes != 0 && c.SpoolBytes > c.StateBytes:
		return b.reader.bad(b.said, "spool-bytes, of each flow log, is more than state-bytes, of all together")
	}
	if c.StateBytes == 0 {
		c.StateBytes = max(DefaultStateBytes, c.SpoolBytes)
	}
	return nil
}
