package sns

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/notify"
)

// entry is what Publish, and PublishBatch for each message, are given.
type entry struct {
	Message         string                    `json:"Message"`
	Subject         *string                   `json:"Subject"`
	Structure       string                    `json:"MessageStructure"`
	Attributes      map[string]attributeValue `json:"MessageAttributes"`
	DeduplicationID string                    `json:"MessageDeduplicationId"`
	// GroupID is for queues of SQS alone where a topic is not FIFO.
	GroupID string `json:"MessageGroupId"`
}

type attributeValue struct {
	DataType    string  `json:"DataType" required:"true"`
	StringValue *string `json:"StringValue"`
	BinaryValue *string `json:"BinaryValue"` // base64
}

// message makes of an entry what is published to a topic, without the checks of [notify.Store.Publish].
func (e *entry) message(topic string) (notify.Message, error) {
	m := notify.Message{TopicARN: topic, Default: e.Message}
	if e.DeduplicationID != "" {
		return m, invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	}
	if e.Subject != nil {
		if m.Subject = *e.Subject; m.Subject == "" {
			return m, invalid("Subject")
		}
	}
	var err error
	if m.Attributes, err = e.attributes(); err != nil {
		return m, err
	}
	switch e.Structure {
	case "":
		return m, nil
	case "json":
		if len(e.Message)+m.AttributesSize() > notify.MaxMessage {
			return m, invalid("Message too long")
		}
		m.Default, m.ByProtocol, err = structured(e.Message)
		return m, err
	}
	return m, invalid("MessageStructure")
}

// structured reads the texts of a message by protocol. Values that are no texts are passed over; of a key that is there twice the last counts, as recordings of AWS have it.
func structured(text string) (byDefault string, byProtocol map[string]string, err error) {
	var texts map[string]any
	if err := json.Unmarshal([]byte(text), &texts); err != nil || texts == nil {
		return "", nil, invalid("Message Structure - JSON message body failed to parse")
	}
	byDefault, ok := texts["default"].(string)
	if !ok {
		return "", nil, invalid("Message Structure - No default entry in JSON message body")
	}
	byProtocol = map[string]string{}
	for protocol, v := range texts {
		if text, ok := v.(string); ok {
			byProtocol[protocol] = text
		}
	}
	return byDefault, byProtocol, nil
}

// attributes reads the attributes of a message; what of them is missing or wrong SNS says before it looks at the rest.
func (e *entry) attributes() (map[string]notify.Attribute, error) {
	out := map[string]notify.Attribute{}
	for name, v := range e.Attributes {
		kind, _, _ := strings.Cut(v.DataType, ".")
		a := notify.Attribute{DataType: v.DataType}
		switch {
		case kind == "Binary" && v.StringValue != nil && v.BinaryValue == nil, kind == "String" && v.BinaryValue != nil && v.StringValue == nil, kind == "Number" && v.BinaryValue != nil && v.StringValue == nil:
			field := "String"
			if kind == "Binary" {
				field = kind
			}
			return nil, awsapi.Errorf("ParameterValueInvalid", "The message attribute '%s' with type '%s' must use field '%s'.", name, kind, field)
		case v.StringValue != nil && kind != "Binary":
			a.Value = *v.StringValue
		case v.BinaryValue != nil:
			raw, err := base64.StdEncoding.DecodeString(*v.BinaryValue)
			if err != nil {
				return nil, awsapi.Errorf("ParameterValueInvalid", "The message attribute '%s' has a BinaryValue that is not base64.", name)
			}
			a.Value = string(raw)
		}
		out[name] = a
	}
	return out, nil
}
