package notify

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// checkAddress checks an address: one, without a name, in ASCII.
func (s *Store) checkAddress(_, endpoint string) error {
	if s.o.SMTP == nil {
		return invalid("Endpoint Reason: the server sends no e-mail; weir serve --smtp names the server that does")
	}
	a, err := mail.ParseAddress(endpoint)
	if err != nil || a.Name != "" || a.Address != endpoint || len(endpoint) > 254 || strings.ContainsFunc(endpoint, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return invalid("Email address")
	}
	return nil
}

// sendMail sends an envelope by e-mail: its text, or for email-json its document.
func (s *Store) sendMail(ctx context.Context, d *delivery) *failure {
	if s.o.SMTP == nil {
		return &failure{reason: "the server was started without a server for e-mail"}
	}
	text, err := s.mailText(d)
	if err != nil {
		return &failure{reason: "the document could not be signed: " + err.Error()}
	}
	subject := d.title()
	if d.Kind != notification {
		subject = "Subscription confirmation: " + subject
	}
	from := mail.Address{Name: d.displayName, Address: s.o.SMTP.From}
	headers := []member{
		{"Date", s.o.Now().UTC().Format(time.RFC1123Z)},
		{"From", folded(from.String())},
		{"To", d.endpoint},
		{"Subject", encodedHeader(subject)},
		// The same in each attempt, so that receivers can tell a repetition.
		{"Message-ID", "<" + d.ID + "." + d.subscription[strings.LastIndexByte(d.subscription, ':')+1:] + "@" + s.o.SMTP.domain() + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", plainText},
		{"Content-Transfer-Encoding", "quoted-printable"},
	}
	if d.Kind == notification {
		headers = append(headers, member{"List-Unsubscribe", "<" + s.unsubscribeURL(d.subscription) + ">"})
	}
	body, err := mailBody(headers, text)
	if err != nil {
		return &failure{reason: err.Error(), permanent: true}
	}
	return s.o.SMTP.send(ctx, s.trust, d.endpoint, body)
}

func (s *Store) mailText(d *delivery) (string, error) {
	switch {
	case d.protocol == "email-json":
		document, err := s.document(d)
		return string(document), err
	case d.Kind != notification:
		return fmt.Sprintf("You have chosen to subscribe to the topic:\n%s\n\nTo confirm this subscription, visit the link below (if this was in error, no action is necessary):\n%s\n",
			d.TopicARN, s.subscribeURL(d.TopicARN, s.token(d.Kind, d.subscription))), nil
	}
	return d.text("email") + "\n\n--\nIf you wish to stop receiving notifications from this topic, visit the link below to unsubscribe:\n" + s.unsubscribeURL(d.subscription) + "\n", nil
}

// encodedHeader returns a text as a header has it: words of RFC 2047 where it is not ASCII, each on a line. No line break of a text comes through.
func encodedHeader(text string) string {
	text = strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, text)
	return folded(mime.QEncoding.Encode("utf-8", text))
}

// folded puts each encoded word on a line: a line of a mail has at most 998 bytes.
func folded(header string) string { return strings.ReplaceAll(header, "?= =?", "?=\r\n =?") }

func mailBody(headers []member, text string) ([]byte, error) {
	var b bytes.Buffer
	for _, h := range headers {
		b.WriteString(h.name + ": " + h.value + "\r\n")
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(strings.ReplaceAll(text, "\r\n", "\n"))); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
