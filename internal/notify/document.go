package notify

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A member is one of a document.
type member struct{ name, value string }

// document returns the JSON that SNS sends for an envelope to a subscription, in its form: signed, with its members in SNS's order.
//
// Source: AWS, Amazon SNS Developer Guide, "Parsing Amazon SNS message formats" and "Verifying the signatures of Amazon SNS messages".
func (s *Store) document(d *delivery) ([]byte, error) {
	text := d.text(d.protocol)
	members := []member{{"Type", d.Kind}, {"MessageId", d.ID}}
	signed := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if d.Kind != notification {
		token := s.token(d.Kind, d.subscription)
		text = confirmationText(d)
		members = append(members, member{"Token", token}, member{"TopicArn", d.TopicARN}, member{"Message", text}, member{"SubscribeURL", s.subscribeURL(d.TopicARN, token)})
		signed = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	} else {
		members = append(members, member{"TopicArn", d.TopicARN})
		if d.Subject != "" {
			members = append(members, member{"Subject", d.Subject})
		}
		members = append(members, member{"Message", text})
	}
	members = append(members, member{"Timestamp", d.timestamp()})
	signature, err := s.sign.sign(canonical(members, signed))
	if err != nil {
		return nil, err
	}
	members = append(members, member{"SignatureVersion", "2"}, member{"Signature", signature}, member{"SigningCertURL", s.o.URL + "/" + s.sign.file})
	if d.Kind == notification {
		members = append(members, member{"UnsubscribeURL", s.unsubscribeURL(d.subscription)})
	}
	return documentJSON(members, d.attributesJSON()), nil
}

// timestamp returns when an envelope was published as documents and notices have it, in RFC 3339 with ms.
func (e *envelope) timestamp() string {
	return time.UnixMilli(e.Published).UTC().Format("2006-01-02T15:04:05.000Z")
}

// confirmationText is what a confirmation says.
func confirmationText(d *delivery) string {
	if d.Kind == unsubscribeConfirmation {
		return "You have chosen to deactivate subscription " + d.subscription + ".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
	}
	return "You have chosen to subscribe to the topic " + d.TopicARN + ".\nTo confirm the subscription, visit the SubscribeURL included in this message."
}

// canonical returns the text that is signed: name and value of each member that is there, a line each, in the order of names.
func canonical(members []member, names []string) string {
	var b strings.Builder
	for _, name := range names {
		if i := slices.IndexFunc(members, func(m member) bool { return m.name == name }); i >= 0 {
			b.WriteString(name + "\n" + members[i].value + "\n")
		}
	}
	return b.String()
}

// documentJSON writes members as SNS does; attributes is JSON, "" for none.
func documentJSON(members []member, attributes string) []byte {
	var b bytes.Buffer
	b.WriteString("{")
	for i, m := range members {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  " + quote(m.name) + " : " + quote(m.value))
	}
	if attributes != "" {
		b.WriteString(",\n  \"MessageAttributes\" : " + attributes)
	}
	b.WriteString("\n}")
	return b.Bytes()
}

func quote(text string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		panic(err) // a text always has a form
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// attributesJSON returns the attributes of a notification as documents have them, "" for none.
func (e *envelope) attributesJSON() string {
	if e.Kind != notification || len(e.Attributes) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("{")
	for i, name := range e.names() {
		if i > 0 {
			b.WriteString(",")
		}
		a := e.Attributes[name]
		b.WriteString("\n    " + quote(name) + " : {\"Type\":" + quote(a.DataType) + ",\"Value\":" + quote(a.written()) + "}")
	}
	b.WriteString("\n  }")
	return b.String()
}

func (s *Store) subscribeURL(topic, token string) string {
	return s.o.URL + "/?Action=ConfirmSubscription&TopicArn=" + escaped(topic) + "&Token=" + token
}

func (s *Store) unsubscribeURL(subscription string) string {
	return s.o.URL + "/?Action=Unsubscribe&SubscriptionArn=" + escaped(subscription)
}

// escaped leaves the colons of ARNs, as SNS does.
func escaped(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "%3A", ":") }
