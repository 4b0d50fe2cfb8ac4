package app

import (
	"context"
	"net/netip"
	"time"

	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/query"
	"weir/internal/versions"
)

// NATRequest asks what NAT gateways do with what comes to them.
type NATRequest struct {
	// ID is one gateway: its id or name, the id of its ENI, or one of its addresses; "" for all
	// that a definition or records show.
	ID    string
	Scope query.Scope
	// Data is the data directory, for the imported definitions.
	Data string
	// Hosts and Joined bound how many of what came unasked, by sender, and how many joined rows
	// each gateway has; 0 for the most that there are.
	Hosts, Joined int
}

// NATReport says what NAT gateways do with what comes to them.
type NATReport struct {
	Gateways []*NATGateway `json:"gateways"`
	// Missing says what would show more gateways, each a sentence.
	Missing []string `json:"missing,omitempty"`
	// Newest is the time of the newest record of all, nil where there is none.
	Newest *time.Time `json:"newest,omitempty"`
}

// How a NAT gateway is known.
const (
	NATDefined   = "definition"     // an imported definition has it
	NATResource  = "resource-id"    // records have it as their resource-id
	NATTyped     = "interface-type" // records have that of a NAT gateway
	NATTranslate = "pkt-addresses"  // records show that it translates, by pkt-srcaddr and pkt-dstaddr
	NATAsked     = "asked"          // the user says so
)

// NATGateway is a NAT gateway, and what its records show.
type NATGateway struct {
	ID   string `json:"id,omitempty"` // nat-...; "" where nothing says
	Name string `json:"name,omitempty"`
	// Interface is its ENI; "" of a regional one.
	Interface string `json:"interface,omitempty"`
	VPC       string `json:"vpc,omitempty"`
	// Addresses are its own: private ones of a zonal one, public ones of a regional one.
	Addresses []netip.Addr `json:"addresses"`
	// Connectivity is public or private, Availability zonal or regional, and State as EC2 says;
	// "" where neither the definition nor the records tell.
	Connectivity string `json:"connectivity,omitempty"`
	Availability string `json:"availability,omitempty"`
	State        string `json:"state,omitempty"`
	KnownBy      string `json:"known_by"`

	// Records counts its records with an action in the time that was asked about; First and
	// Last are seconds since the epoch, 0 where there are none.
	Records int64 `json:"records"`
	First   int64 `json:"first,omitempty"`
	Last    int64 `json:"last,omitempty"`

	Arrived NATArrived `json:"arrived"`
	// LetIn are the rules that let in what came unasked, those that let in most first.
	LetIn []NATRule `json:"let_in,omitempty"`
	// Hosts are who sent it, those that sent most records first; MoreHosts counts the others.
	Hosts     []NATHost           `json:"hosts,omitempty"`
	MoreHosts int64               `json:"more_hosts,omitempty"`
	Inside    diagnose.NATInside  `json:"inside"`
	Outcome   diagnose.NATOutcome `json:"outcome"`
	// Says is a sentence for people, in lower case and without a full stop.
	Says string `json:"says"`
	// Joined are the clients' legs with what they are of, those with most bytes first.
	Joined     []NATJoin `json:"joined,omitempty"`
	MoreJoined int64     `json:"more_joined,omitempty"`
	// Insights is AWS's query for Logs Insights that sums the bytes that came inside, and
	// Reverse those that went back; "" where no address of the VPC is known.
	Insights string `json:"insights,omitempty"`
	Reverse  string `json:"reverse,omitempty"`
	// Assumes are what would make it something else, Missing what is not in the input and would
	// tell more, and Doubts why the definition may have been another; each a sentence.
	Assumes []string `json:"assumes,omitempty"`
	Missing []string `json:"missing,omitempty"`
	Doubts  []string `json:"doubts,omitempty"`

	defined  *netmodel.NATGateway // nil where no definition has it
	regional bool
	key      string          // the interface, or a regional one's id
	hours    map[int64]bool  // in which something came unasked, since the epoch
	senders  map[string]bool // of what came unasked
	rules    map[string]*NATRule
	skipped  int64
	accepted int64 // of Records
	unsure   int64 // records of which the side is not known
	nat64    int64
	pairless int64 // those of the client's legs without pkt-* fields
}

// NATArrived is what came to a gateway from outside, and was accepted but for Refused.
type NATArrived struct {
	Replies     diagnose.Tally `json:"replies"`
	Late        diagnose.Tally `json:"late_replies"`
	Unsolicited diagnose.Tally `json:"unsolicited"`
	Undecided   diagnose.Tally `json:"undecided"`
	// Refused is what the network ACL, or another control, refused.
	Refused diagnose.Tally `json:"refused"`
	// Doubts count the records of Unsolicited and Undecided that may be something else, by why.
	Doubts map[diagnose.NATDoubt]int64 `json:"doubts,omitempty"`
}

// NATRule is a rule that let something in.
type NATRule struct {
	Rule string `json:"rule"`
	// Allows is false where the definition says that the rule refuses: it was another then.
	Allows bool `json:"allows"`
	diagnose.Tally
}

// NATHost is who sent something unasked.
type NATHost struct {
	Address string `json:"address"`
	// Protocol and Port are those of what most records are of; Ports counts different ones.
	Protocol int `json:"protocol"`
	Port     int `json:"port"`
	Ports    int `json:"ports"`
	diagnose.Tally
	Late  int64 `json:"late_replies,omitempty"` // of the records
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// Rule let in the newest of it.
	Rule string `json:"rule,omitempty"`
	// Inside is what of it interfaces inside show, by interface.
	Inside []NATSeen `json:"inside,omitempty"`
}

// NATSeen is what an interface shows of a sender.
type NATSeen struct {
	Interface string `json:"interface"`
	Address   string `json:"address"`
	// Behind says that it is behind the gateway.
	Behind    bool           `json:"behind"`
	Replies   diagnose.Tally `json:"replies"`
	Reached   diagnose.Tally `json:"reached"`
	Undecided diagnose.Tally `json:"undecided"`
}

// NATJoin is a client's leg, and what it is of on both sides of it.
type NATJoin struct {
	Client string `json:"client"`
	// ClientInterfaces are those that show the same; none where it is not logged.
	ClientInterfaces []string    `json:"client_interfaces,omitempty"`
	Host             string      `json:"host"`
	Protocol         int         `json:"protocol"`
	Port             int         `json:"port"`
	ClientLeg        NATTraffic  `json:"client_leg"`
	At               *NATTraffic `json:"at_client,omitempty"` // at ClientInterfaces
	// Internet is the internet's leg of all clients of that host and port; Join says how surely
	// it is this client's, and Candidates are the clients, where it is not sure: the first ones
	// of Clients.
	Internet   *NATTraffic   `json:"internet_leg,omitempty"`
	Join       diagnose.Join `json:"join"`
	Clients    int64         `json:"clients"`
	Candidates []string      `json:"candidates,omitempty"`
}

// NATTraffic is what records show of a leg: what was accepted on its way out and in, and how many
// records were refused.
type NATTraffic struct {
	Out     diagnose.Tally `json:"out"`
	In      diagnose.Tally `json:"in"`
	Refused int64          `json:"refused,omitempty"`
}

// Bounds of what is kept of each gateway.
const (
	maxNATHosts   = 1000
	maxSenders    = 50_000 // that interfaces inside are asked for
	maxNATJoined  = 1000
	maxCandidates = 10
	maxLost       = 1000 // times of lost records that are told apart
)

// NAT tells what NAT gateways do with what comes to them, by their own records and by those of
// the interfaces behind them.
func NAT(ctx context.Context, s Service, req NATRequest) (*NATReport, error) {
	n := natWork{ctx: ctx, s: s, req: req, report: &NATReport{Gateways: []*NATGateway{}}, byKey: map[string]*NATGateway{}}
	if err := n.load(); err != nil {
		return nil, err
	}
	if err := n.find(); err != nil {
		return nil, err
	}
	if len(n.report.Gateways) == 0 {
		return n.report, nil
	}
	for _, step := range []func() error{n.own, n.summary, n.lostRecords, n.arrivals, n.inside, n.join} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for _, g := range n.report.Gateways {
		n.conclude(g)
	}
	return n.report, nil
}

// natWork is the work on a request.
type natWork struct {
	ctx    context.Context
	s      Service
	req    NATRequest
	report *NATReport

	kept    *versions.Definition // of the end of the time asked for; nil where nothing was imported
	rules   *policy.Definition
	byKey   map[string]*NATGateway
	begin   map[string]int64 // when a gateway's records begin, by key
	lost    map[string][]diagnose.TimeSpan
	clients map[string][]string // addresses of clients, by key

	shown     map[string]bool           // flow logs that show what is accepted
	delivered map[string]map[int64]bool // the hours in which flow logs have records
}

// few cuts a list to as many as were asked for.
func few[T any](list []T, n int) []T {
	if n > 0 && n < len(list) {
		return list[:n]
	}
	return list
}
