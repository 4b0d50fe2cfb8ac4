package notify

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// A Message is what is published to a topic.
type Message struct {
	// ID tells messages apart: one with an id that was published is not published again. "" makes one. Where it is no UUID, the message id of deliveries is one that is
	// made of it.
	ID string
	// TopicARN is where to.
	TopicARN string
	Subject  string
	// Default is the text of subscribers that ByProtocol has none for, by protocol ("email", "http", "slack").
	Default    string
	ByProtocol map[string]string
	// Attributes are the message's, by name.
	Attributes map[string]Attribute
}

// An Attribute is an attribute of a message.
//
// Source: AWS, Amazon SNS API Reference, MessageAttributeValue.
type Attribute struct {
	// DataType is String, String.Array, Number or Binary, with a label of one's own behind a dot.
	DataType string
	// Value is the text, or the bytes of a Binary.
	Value string
}

// binary says whether the value is bytes, and not a text.
func (a Attribute) binary() bool { return strings.HasPrefix(a.DataType, "Binary") }

// written returns the value as documents and notices have it: bytes in base64.
func (a Attribute) written() string {
	if a.binary() {
		return base64.StdEncoding.EncodeToString([]byte(a.Value))
	}
	return a.Value
}

// storedAttribute is an [Attribute] as JSON has it: bytes that are no text stay what they are.
type storedAttribute struct {
	DataType, Value string `json:",omitempty"`
	Bytes           []byte `json:",omitempty"` // of a Binary
}

// MarshalJSON keeps the bytes of a Binary.
func (a Attribute) MarshalJSON() ([]byte, error) {
	if a.binary() {
		return json.Marshal(storedAttribute{DataType: a.DataType, Bytes: []byte(a.Value)})
	}
	return json.Marshal(storedAttribute{DataType: a.DataType, Value: a.Value})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Attribute) UnmarshalJSON(raw []byte) error {
	var stored storedAttribute
	err := json.Unmarshal(raw, &stored)
	a.DataType, a.Value = stored.DataType, stored.Value+string(stored.Bytes)
	return err
}
