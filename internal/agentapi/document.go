package agentapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A Join asks for a place among the agents of a server.
type Join struct {
	TokenID     string `json:"token_id"`
	TokenSecret string `json:"token_secret"`
	// Name is how people call the agent, and Version its program's.
	Name    string `json:"name"`
	Version string `json:"version"`
	// Credential is what the agent shows from then on: of [SecretForm], and made by the agent. A join that is sent again with the same one is answered as the
	// first, so that an answer that got lost costs no token.
	Credential string `json:"credential"`
}

// Joined answers a Join.
type Joined struct {
	AgentID string `json:"agent_id"`
}

// A Policy is what a server says is to be captured.
type Policy struct {
	// Generation grows with each change, and Digest is of all but both: who has both has the policy.
	Generation int64  `json:"generation"`
	Digest     string `json:"digest"`
	// Network is the network's definition in YAML (docs/reference/network-yaml.md).
	Network  string    `json:"network"`
	FlowLogs []FlowLog `json:"flow_logs"`
}

// A FlowLog is a flow log of a VPC, a subnet, a network interface, a transit gateway or an attachment of one, as CreateFlowLogs of EC2's API has it.
type FlowLog struct {
	ID       string `json:"id"`
	Resource string `json:"resource"`
	// Account and Region are of the keys of objects.
	Account string `json:"account"`
	Region  string `json:"region"`
	// Traffic is ACCEPT, REJECT or ALL; "" of transit gateways and attachments.
	Traffic string `json:"traffic"`
	// DestinationType is cloud-watch-logs, s3 or kinesis-data-firehose, and Destination the ARN of log group, bucket (with a folder) or delivery stream.
	DestinationType string `json:"destination_type"`
	Destination     string `json:"destination"`
	// DeliverLogsPermissionARN and DeliverCrossAccountRole are ARNs of IAM roles; "": none.
	DeliverLogsPermissionARN string `json:"deliver_logs_permission_arn,omitempty"`
	DeliverCrossAccountRole  string `json:"deliver_cross_account_role,omitempty"`
	// Format is as EC2 spells it: "${version} ${account-id}".
	Format string `json:"format"`
	// Interval is 60 or 600 seconds.
	Interval int32 `json:"interval"`
	// FileFormat is plain-text or parquet, "" for other destinations than s3.
	FileFormat string     `json:"file_format,omitempty"`
	Hive       bool       `json:"hive,omitempty"`
	Hourly     bool       `json:"hourly,omitempty"`
	TagFields  []TagField `json:"tag_fields,omitempty"`
}

// A TagField says which tags of a type of resource records have.
type TagField struct {
	ResourceType string   `json:"resource_type"`
	Keys         []string `json:"keys"`
}

// A Report is how an agent is.
type Report struct {
	Version string `json:"version"`
	// Generation is of the policy in force, 0 where there is none.
	Generation int64 `json:"generation"`
	// Refused says which policy the agent can't carry out, and why; nil: none since that in force.
	Refused  *Refused        `json:"refused,omitempty"`
	Devices  []Device        `json:"devices"`
	FlowLogs []FlowLogReport `json:"flow_logs"`
	// Troubles are what does not work, in words.
	Troubles []string `json:"troubles,omitempty"`
}

// Refused is a policy that an agent can't carry out.
type Refused struct {
	Generation int64  `json:"generation"`
	Reason     string `json:"reason"`
}

// A Device is a network device that the agent's config is about.
type Device struct {
	Name string `json:"name"`
	// State is recorded, unmatched or refused, and Why says why it is refused.
	State string `json:"state"`
	Why   string `json:"why,omitempty"`
	// Interface is the id of the network interface or transit gateway attachment that it is, "": none.
	Interface string `json:"interface,omitempty"`
	Mode      string `json:"mode,omitempty"`
}

// A FlowLogReport is how the delivery of a flow log goes at an agent.
type FlowLogReport struct {
	ID      string `json:"id"`
	Records int64  `json:"records"`
	Objects int64  `json:"objects"`
	// Error says why records can't be delivered; "": they are, or there are none.
	Error string `json:"error,omitempty"`
}

// An Error is what is wrong with a request, in words that tell what to do.
type Error struct {
	// Code is one of the codes below.
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Codes of errors.
const (
	CodeBadRequest   = "BadRequest"
	CodeTokenUnknown = "TokenUnknown"
	CodeTokenRevoked = "TokenRevoked"
	CodeTokenExpired = "TokenExpired"
	CodeTokenUsed    = "TokenUsed"
	CodeNameTaken    = "NameTaken"
	CodeUnknownAgent = "UnknownAgent"
	CodeInternal     = "Internal"
)

// Decode reads one JSON value, and refuses members that it does not have.
func Decode(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // what one side means and the other does not know must not be passed over
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("not what is expected: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("not what is expected: something follows the value")
	}
	return nil
}
