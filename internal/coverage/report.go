package coverage

import (
	"weir/internal/netmodel"
)

// Report says what flow logs cover of a definition. All lists are in the order of ids.
type Report struct {
	FlowLogs  []FlowLog  `json:"flow-logs"`
	Resources []Resource `json:"resources"`
	// Unanswered are the questions that flow logs can't answer for want of fields.
	Unanswered []Unanswered `json:"unanswered"`
	// Mend are the commands that make the flow logs that are missing, and Replace those that
	// make flow logs with more fields in place of some that are there: a flow log can't be
	// changed.
	Mend    []Command `json:"mend"`
	Replace []Command `json:"replace"`
}

// FlowLog is a flow log, and how it does.
type FlowLog struct {
	ID       string       `json:"flow-log"`
	Name     string       `json:"name,omitempty"`
	Account  string       `json:"account,omitempty"` // of the resource's owner; "" where the input does not say
	Region   string       `json:"region,omitempty"`
	Resource string       `json:"resource"`
	Type     ResourceType `json:"resource-type"`
	// Missing says that the input does not hold the resource.
	Missing bool `json:"resource-missing,omitempty"`
	// Traffic is ALL, ACCEPT or REJECT; "" of transit gateways, which record all.
	Traffic         string `json:"traffic,omitempty"`
	DestinationType string `json:"destination-type,omitempty"`
	Destination     string `json:"destination,omitempty"` // an ARN, or a log group's name
	// Interval is the maximum aggregation interval in seconds; 0 where the input does not say.
	// ENIs of instances built on Nitro have 60 s or less in any case.
	Interval int `json:"interval,omitempty"`
	// Fields are how many its records have, and Version what AWS writes in their version
	// field; 0 where the input does not say.
	Fields  int `json:"fields,omitempty"`
	Version int `json:"version,omitempty"`
	// Delivery is SUCCESS or FAILED; "" where the input does not say. Error is AWS's text, and
	// Causes what usually leads to it.
	Delivery string  `json:"delivery,omitempty"`
	Error    string  `json:"error,omitempty"`
	Causes   []Cause `json:"causes,omitempty"`
	// Covers is how many of the report's resources it covers.
	Covers int `json:"covers"`
	// Problems say what is odd about it.
	Problems []string `json:"problems,omitempty"`
}

// ResourceType is what a flow log can be of, as CreateFlowLogs names it.
type ResourceType string

// The types of resources.
const (
	VPC                      ResourceType = "VPC"
	Subnet                   ResourceType = "Subnet"
	NetworkInterface         ResourceType = "NetworkInterface"
	TransitGateway           ResourceType = "TransitGateway"
	TransitGatewayAttachment ResourceType = "TransitGatewayAttachment"
	RegionalNATGateway       ResourceType = "RegionalNatGateway"
)

// State says what is recorded of a resource.
type State string

// The states.
const (
	// Covered: what is accepted and what is refused is recorded.
	Covered State = "covered"
	// AcceptOnly and RejectOnly: just that is recorded.
	AcceptOnly State = "accept-only"
	RejectOnly State = "reject-only"
	// Failed: flow logs cover all of it, and AWS fails to deliver what they record.
	Failed State = "failed"
	// None: no flow log covers it.
	None State = "none"
	// CannotSee: what was seen does not cover all of it, and there may be flow logs that can't
	// be seen.
	CannotSee State = "cannot-see"
)

// States are all states in order of how much is amiss.
var States = []State{None, Failed, AcceptOnly, RejectOnly, CannotSee, Covered}

// Amiss reports whether something is known not to be recorded.
func (s State) Amiss() bool { return s != Covered && s != CannotSee }

// Resource is what can be covered: an ENI; a subnet or VPC of which the input has no ENI; a
// transit gateway's attachment, or one without attachments; a regional NAT gateway.
type Resource struct {
	ID      string        `json:"resource"`
	Type    ResourceType  `json:"resource-type"`
	Account string        `json:"account,omitempty"` // of the owner
	Region  string        `json:"region,omitempty"`
	VPC     string        `json:"vpc,omitempty"`
	Subnet  string        `json:"subnet,omitempty"`
	Role    netmodel.Role `json:"role,omitempty"`
	State   State         `json:"state"`
	// FlowLogs are the ids of those that cover it, whether they deliver or not.
	FlowLogs []string `json:"flow-logs,omitempty"`
	// Twice are the actions, ACCEPT and REJECT, that several flow logs record and deliver.
	Twice []string `json:"twice,omitempty"`
	// Why says what is missing, or can't be seen.
	Why []string `json:"why,omitempty"`

	gateway string // transit gateway of an attachment
}

// Amiss reports whether something is known not to be recorded: a resource that no flow log
// covers whole, or a flow log that fails.
func (r *Report) Amiss() bool {
	for i := range r.Resources {
		if r.Resources[i].State.Amiss() {
			return true
		}
	}
	for i := range r.FlowLogs {
		if r.FlowLogs[i].Delivery == failed {
			return true
		}
	}
	return false
}

// Unseen reports whether there may be flow logs that can't be seen, or whose records are not
// known.
func (r *Report) Unseen() bool {
	for i := range r.Resources {
		if r.Resources[i].State == CannotSee {
			return true
		}
	}
	for i := range r.FlowLogs {
		if len(r.FlowLogs[i].Problems) > 0 {
			return true
		}
	}
	return false
}
