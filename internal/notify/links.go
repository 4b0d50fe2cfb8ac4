package notify

import (
	"encoding/xml"
	"errors"
	"html"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// Match says whether a request is for [Store.Handler]: a link of a confirmation or of a notification, or the certificate.
func (s *Store) Match(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	action := r.URL.Query().Get("Action")
	return r.URL.Path == "/" && (action == "ConfirmSubscription" || action == "Unsubscribe") || r.URL.Path == "/"+s.sign.file
}

// Handler answers the links that documents and e-mails have, without a signature, and the certificate: in the XML of SNS, and for people in HTML.
func (s *Store) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.Match(r) {
			http.NotFound(w, r)
			return
		}
		if r.URL.Path != "/" {
			w.Header().Set("Content-Type", "application/x-pem-file")
			_, _ = w.Write(s.sign.certificate) // who is gone wants nothing more
			return
		}
		if r.Method == http.MethodHead { // what looks a link over does not follow it
			return
		}
		s.follow(w, r)
	})
}

func (s *Store) follow(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	action, id := q.Get("Action"), uuid.NewString()
	var arn string
	var err error
	said := "The subscription is confirmed: "
	if action == "ConfirmSubscription" {
		arn, err = s.ConfirmSubscription(r.Context(), q.Get("TopicArn"), q.Get("Token"), false, q.Get("AuthenticateOnUnsubscribe") == "true")
	} else {
		said, arn = "The subscription is ended: ", q.Get("SubscriptionArn")
		err = s.Unsubscribe(r.Context(), arn, false)
	}
	status, wrong := http.StatusOK, new(Error)
	switch {
	case errors.As(err, &wrong):
		status = wrong.Status()
	case err != nil:
		s.o.Log.ErrorContext(r.Context(), "a link of a notification could not be followed", "request", id, "error", err)
		status, wrong = http.StatusInternalServerError, &Error{"InternalError", "the server's log says why, at request " + id}
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		if err != nil {
			said, arn = wrong.Message, ""
		}
		answer(w, status, "text/html; charset=utf-8", "<!doctype html><meta charset=utf-8><title>weir</title><p>"+html.EscapeString(said+arn)+"</p>\n")
		return
	}
	answer(w, status, "text/xml", linkXML(action, arn, id, err != nil, status, wrong))
}

func answer(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // who is gone wants nothing more
}

// namespace is that of SNS's answers.
const namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

func linkXML(action, arn, id string, failed bool, status int, e *Error) string {
	if failed {
		fault := "Sender"
		if status >= http.StatusInternalServerError {
			fault = "Receiver"
		}
		return `<ErrorResponse xmlns="` + namespace + `"><Error><Type>` + fault + "</Type><Code>" + e.Code + "</Code><Message>" + escapedXML(e.Message) + "</Message></Error><RequestId>" + id + "</RequestId></ErrorResponse>"
	}
	result := ""
	if action == "ConfirmSubscription" {
		result = "<ConfirmSubscriptionResult><SubscriptionArn>" + escapedXML(arn) + "</SubscriptionArn></ConfirmSubscriptionResult>"
	}
	return "<" + action + `Response xmlns="` + namespace + `">` + result + "<ResponseMetadata><RequestId>" + id + "</RequestId></ResponseMetadata></" + action + "Response>"
}

func escapedXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes all
	return b.String()
}
