package notify

// A Message is what is published to a topic.
type Message struct {
	// ID tells messages apart: one with an id that was published is not published again. "" makes one.
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
