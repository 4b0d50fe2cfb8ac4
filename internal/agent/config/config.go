package config

import (
	"fmt"
	"net/netip"
	"time"

	"weir/flowlog"
)

// A Config is what an agent does.
type Config struct {
	// File is where it was read from.
	File string
	// Network are the files and folders of the network's definition, as they stand there: relative ones are of the folder of the file.
	Network []string
	// IPRanges is a file as AWS's ip-ranges.json; "": there is none.
	IPRanges string
	// Listen is the loopback address of health and metrics.
	Listen netip.AddrPort
	// Socket is the Unix socket at which changes are asked; "": the default one.
	Socket string
	// Attachments is the file that keeps what was attached there.
	Attachments string
	// State is the folder where the agent keeps what it has read and not delivered, and what it has of its server.
	State string
	// Pin is the directory of a BPF file system where what the kernel counts and decides by outlives the agent; "": it ends with it.
	Pin string
	// SpoolBytes is how much of each flow log may wait to be delivered, and StateBytes how much all that is kept may take on disk.
	SpoolBytes, StateBytes int64
	// Capture is how it is counted: bpf, packet, or auto: by BPF, and where that can't be, by packets.
	Capture string
	// Ring is how many bytes of the kernel's memory each device has for packets that were not read yet; 0: as many as there are if nobody says.
	Ring int64
	// Connections and Rejects bound the tables of flows; 0: as many as there are if nobody says.
	Connections, Rejects uint32
	// NAT says that pkt-srcaddr and pkt-dstaddr are what is behind the host's translation of addresses.
	NAT        bool
	Interfaces []Interface
	FlowLogs   []FlowLog
	// Server is the address of the weir serve that says the network and the flow logs, as [agentapi.ParseServer] returns it; "": Network and FlowLogs do.
	Server string
	// Buckets is the folder in which objects for arn:aws:s3:::NAME/PREFIX of a server's flow logs lie below NAME/PREFIX; "": there is none.
	Buckets string
}

// A Place is where something stands in the file.
type Place struct{ Line, Column int }

// An Error says what is wrong with a file.
type Error struct {
	File string
	Place
	Reason string
}

// Error returns the reason with its place, as file:line:column.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
}

// Errorf returns an error at a place of the file.
func (c *Config) Errorf(at Place, format string, args ...any) error {
	return &Error{c.File, at, fmt.Sprintf(format, args...)}
}

// An Interface says which devices are a network interface, and what is done there. A device is that of the first one that it meets all conditions of.
type Interface struct {
	Place
	// Device is a pattern of names, as [path.Match] has them; MAC and Address are those that the device has. What is "" or invalid is no condition.
	Device  string
	MAC     string // in lower case, with colons
	Address netip.Addr
	// Netns is the network namespace that it is in, by its name below /run/netns or its path; "": that of the agent.
	Netns string
	// Bridge is the name of the bridge that it is a port of, and Domain that of libvirt's virtual machine that it is a tap of.
	Bridge, Domain string
	// PeerNetns is the network namespace of the other end of a pair, and Container a container there: its name, its id or at least 12 digits that begin it.
	PeerNetns, Container string
	// ENI is the id of the network interface; "": the one of the definition that has the MAC address or an address of the device, or of what is behind it.
	ENI string
	// Attachment is the id of the transit gateway attachment that it is, in place of ENI; "": it is none.
	Attachment string
	// Mode is count, shadow, enforce or observe; of an attachment count.
	Mode string
	// Flipped says that the device is the host's side, where what comes in leaves the interface; nil: nobody says.
	Flipped *bool
}

// A FlowLog is a flow log of a VPC, a subnet, a network interface, a transit gateway or an attachment of one.
type FlowLog struct {
	Place
	ID, Resource string
	// Traffic is ACCEPT, REJECT or ALL; "" of transit gateways and attachments.
	Traffic  string
	Format   flowlog.Format
	Interval time.Duration
	// Account and Region are those of the keys; "": of the resource.
	Account, Region string
	// Destination is where records go, as people are shown it: a folder's path, or else what the file says.
	Destination string
	// Delivery says what that is, and how it is reached.
	Delivery Delivery
	// Parquet says that objects are Parquet, not text; Hive and Hourly how their keys are made.
	Parquet, Hive, Hourly bool
}
