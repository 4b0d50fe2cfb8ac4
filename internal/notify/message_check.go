package notify

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxMessage is the greatest size of a message with its attributes, in bytes.
//
// Source: AWS, Publish.
const MaxMessage = 256 << 10

// maxSubject is the greatest length of a subject, in characters.
const maxSubject = 100

// size returns the bytes of a message that count for its greatest size: its texts, and names, types and values of attributes.
func (m *Message) size() int {
	n := len(m.Default)
	for _, text := range m.ByProtocol {
		n += len(text)
	}
	return n + m.AttributesSize()
}

// AttributesSize returns the bytes of the names, types and values of the attributes.
func (m *Message) AttributesSize() int {
	n := 0
	for name, a := range m.Attributes {
		n += len(name) + len(a.DataType) + len(a.Value)
	}
	return n
}

// check says what of a message SNS does not take: its subject, its size, its attributes.
//
// Source: AWS, Publish; recordings of AWS for the texts.
func (m *Message) check() error {
	switch {
	case m.Default == "" && len(m.ByProtocol) == 0:
		return invalid("Empty message")
	case !utf8.ValidString(m.Default):
		return invalid("Message Reason: it is not UTF-8")
	case m.size() > MaxMessage:
		return invalid("Message too long")
	case !utf8.ValidString(m.Subject) || utf8.RuneCountInString(m.Subject) > maxSubject || strings.ContainsFunc(m.Subject, isControl) || strings.HasPrefix(m.Subject, " "):
		return invalid("Subject")
	}
	for _, name := range m.names() {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		if err := checkAttribute(name, m.Attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

func badValue(format string, args ...any) error {
	return &Error{"ParameterValueInvalid", fmt.Sprintf(format, args...)}
}

func checkAttributeName(name string) error {
	switch {
	case name == "":
		return badValue("Message attribute name can not be empty.")
	case len(name) > 256:
		return badValue("Length of message attribute name must be less than 256 bytes.")
	case strings.HasPrefix(name, "."):
		return badValue("Invalid message attribute name starting with character '.' was found.")
	case strings.HasSuffix(name, "."):
		return badValue("Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return badValue("Message attribute name can not have successive '.' character.")
	}
	for _, r := range name {
		if !strings.ContainsRune("-_.", r) && (r > 'z' || r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a') {
			return badValue("Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", r)
		}
	}
	return nil
}

func checkAttribute(name string, a Attribute) error {
	kind, label, labelled := strings.Cut(a.DataType, ".")
	switch {
	case kind != "String" && kind != "Number" && kind != "Binary" || labelled && label == "":
		return badValue("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case a.Value == "":
		return badValue("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, kind)
	case kind != "Binary" && !utf8.ValidString(a.Value):
		return badValue("The message attribute '%s' is not UTF-8.", name)
	case kind == "Number":
		v, ok := jsonValue(strings.TrimSpace(a.Value))
		if _, number := v.(float64); !ok || !number {
			return badValue("Could not cast message attribute '%s' value to number.", name)
		}
	}
	return nil
}
