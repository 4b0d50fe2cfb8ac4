package cli

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// endpoint takes messages of SNS over HTTP. A client in another program asks it for them: GET /next answers with the next message
// once there is one, GET /next?subject=TEXT with the next one of this subject, and drops those before.
type endpoint struct {
	url         string
	certificate []byte // PEM, that signed messages
	messages    chan map[string]string
}

// newEndpoint returns an endpoint of messages that a server signs.
func newEndpoint(t *testing.T, s *awsServer) *endpoint {
	t.Helper()
	certificate, err := os.ReadFile(filepath.Join(s.data, "secrets", "notifications.pem"))
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{certificate: certificate, messages: make(chan map[string]string, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		e.take(t, r.Header, body)
	})
	mux.HandleFunc("GET /next", func(w http.ResponseWriter, r *http.Request) {
		body, err := json.Marshal(e.next(t, r.FormValue("subject")))
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(body)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	e.url = server.URL
	return e
}

// take verifies a message and keeps it.
func (e *endpoint) take(t *testing.T, header http.Header, body []byte) {
	var document struct {
		MessageAttributes map[string]struct{ Type, Value string }
	}
	message := map[string]string{}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(body, &document); err != nil {
		t.Errorf("%q: %v", body, err)
	}
	if err := json.Unmarshal(body, &parts); err != nil {
		t.Errorf("%q: %v", body, err)
	}
	for name, value := range parts {
		var text string
		if json.Unmarshal(value, &text) == nil {
			message[name] = text
		}
	}
	for name, a := range document.MessageAttributes {
		message["MessageAttributes."+name] = a.Type + " " + a.Value
	}
	if header.Get("X-Amz-Sns-Message-Type") != message["Type"] || header.Get("X-Amz-Sns-Message-Id") != message["MessageId"] {
		t.Errorf("the headers are not those of the message: %v", header)
	}
	e.verify(t, message)
	e.messages <- message
}

// verify checks the signature of a message with the certificate of the server's data directory, and that the message names the URL of it.
func (e *endpoint) verify(t *testing.T, message map[string]string) {
	answer, err := http.Get(message["SigningCertURL"])
	if err != nil {
		t.Error(err)
		return
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err != nil || !bytes.Equal(got, e.certificate) {
		t.Errorf("%s has another certificate: %s %v", message["SigningCertURL"], got, err)
	}
	block, _ := pem.Decode(e.certificate)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Error(err)
		return
	}
	names := "Message MessageId Subject Timestamp TopicArn Type"
	if message["Type"] != "Notification" {
		names = "Message MessageId SubscribeURL Timestamp Token TopicArn Type"
	}
	var text strings.Builder
	for name := range strings.FieldsSeq(names) {
		if value, ok := message[name]; ok {
			text.WriteString(name + "\n" + value + "\n")
		}
	}
	signature, err := base64.StdEncoding.DecodeString(message["Signature"])
	if err == nil {
		err = certificate.CheckSignature(x509.SHA256WithRSA, []byte(text.String()), signature)
	}
	if err != nil || message["SignatureVersion"] != "2" {
		t.Errorf("the signature of %v: %v", message, err)
	}
}

// next waits for the next message whose subject begins with a text.
func (e *endpoint) next(t *testing.T, subject string) map[string]string {
	deadline := time.After(time.Minute)
	for {
		select {
		case m := <-e.messages:
			if strings.HasPrefix(m["Subject"], subject) {
				return m
			}
		case <-deadline:
			t.Errorf("no message of the subject %q came", subject)
			return nil
		}
	}
}
