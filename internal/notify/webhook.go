package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
)

// A notice is the JSON that webhooks and commands get.
type notice struct {
	ID           string                     `json:"id"`
	Topic        string                     `json:"topic"`
	Subscription string                     `json:"subscription"`
	Timestamp    string                     `json:"timestamp"` // RFC 3339
	Subject      string                     `json:"subject"`
	Message      string                     `json:"message"`
	Attributes   map[string]noticeAttribute `json:"attributes"`
}

// A noticeAttribute is an attribute of a message; the value of a Binary is in base64.
type noticeAttribute struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func (d *delivery) notice() ([]byte, error) {
	n := notice{
		ID: d.ID, Topic: d.TopicARN, Subscription: d.subscription, Timestamp: d.timestamp(),
		Subject: d.Subject, Message: d.text(d.protocol), Attributes: map[string]noticeAttribute{},
	}
	for name, a := range d.Attributes {
		n.Attributes[name] = noticeAttribute{a.DataType, a.written()}
	}
	return json.Marshal(n)
}

// WebhookSecret returns the secret by which receivers of webhooks verify, in the form of Standard Webhooks: "whsec_" and base64.
func (s *Store) WebhookSecret() string {
	return "whsec_" + base64.StdEncoding.EncodeToString(s.webhookKey())
}

// webhookKey is made of the secret, which itself makes tokens.
func (s *Store) webhookKey() []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte("webhook"))
	return h.Sum(nil)
}

// sendWebhook posts a notice with the headers of Standard Webhooks: id, time and HMAC-SHA256.
//
// Source: Standard Webhooks, version 1.0.
func (s *Store) sendWebhook(ctx context.Context, d *delivery) *failure {
	body, err := d.notice()
	if err != nil {
		return &failure{reason: err.Error(), permanent: true}
	}
	stamp := strconv.FormatInt(s.o.Now().Unix(), 10)
	h := hmac.New(sha256.New, s.webhookKey())
	h.Write([]byte(d.ID + "." + stamp + "."))
	h.Write(body)
	return s.post(ctx, d.endpoint, http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"weir"},
		"Webhook-Id": {d.ID}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))},
	}, body, true)
}
