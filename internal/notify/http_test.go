package notify

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDocuments compares documents and headers over HTTP with what AWS sends, and follows their links.
func TestDocuments(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	sub := s.subscribe(topic, "http", e.URL, nil)
	if !sub.Pending {
		t.Error("it is confirmed already")
	}
	s.publish(Message{TopicARN: topic, Default: "too early"})
	s.deliver()
	all := e.all()
	if len(all) != 1 {
		t.Fatalf("%d requests", len(all))
	}
	confirmation := all[0].document(t)
	verify(t, s, confirmation)
	link := confirmation["SubscribeURL"].(string)
	want := map[string]any{
		"Type": "SubscriptionConfirmation", "MessageId": confirmation["MessageId"], "Token": confirmation["Token"], "TopicArn": topic,
		"Message":      "You have chosen to subscribe to the topic " + topic + ".\nTo confirm the subscription, visit the SubscribeURL included in this message.",
		"SubscribeURL": testURL + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=" + confirmation["Token"].(string),
		"Timestamp":    "2026-11-30T12:00:00.000Z", "SignatureVersion": "2", "Signature": confirmation["Signature"], "SigningCertURL": confirmation["SigningCertURL"],
	}
	if diff := cmp.Diff(want, confirmation); diff != "" {
		t.Error(diff)
	}
	checkHeader(t, all[0].header, "SubscriptionConfirmation", confirmation["MessageId"].(string), topic, "", "text/plain; charset=UTF-8")

	if w := s.follow(strings.Replace(link, "Token=", "Token=00", 1)); w.Code != 400 || !strings.Contains(w.Body.String(), "<Code>InvalidParameter</Code><Message>Invalid parameter: Token</Message>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.follow(strings.Replace(link, testRegion, "eu-west-1", 1)); w.Code != 400 || !strings.Contains(w.Body.String(), "<Message>Invalid parameter: Topic</Message>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for range 2 { // a link can be followed again
		w := s.follow(link)
		if w.Code != 200 || !strings.Contains(w.Body.String(), "<ConfirmSubscriptionResult><SubscriptionArn>"+sub.ARN+"</SubscriptionArn></ConfirmSubscriptionResult>") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	id := s.publish(Message{TopicARN: topic, Subject: "ALARM: \"ssh\"", Default: "a < b & \u00e9\u2028\n", Attributes: map[string]Attribute{
		"attr1": {"Number", "99.12"}, "attr2": {"Binary", "\x02\x03\x04"},
	}})
	s.deliver()
	all = e.all()
	if len(all) != 1 {
		t.Fatalf("%d requests", len(all))
	}
	n := all[0].document(t)
	verify(t, s, n)
	want = map[string]any{
		"Type": "Notification", "MessageId": id, "TopicArn": topic, "Subject": "ALARM: \"ssh\"", "Message": "a < b & \u00e9\u2028\n", "Timestamp": "2026-11-30T12:00:00.000Z",
		"SignatureVersion": "2", "Signature": n["Signature"], "SigningCertURL": n["SigningCertURL"], "UnsubscribeURL": testURL + "/?Action=Unsubscribe&SubscriptionArn=" + sub.ARN,
		"MessageAttributes": map[string]any{"attr1": map[string]any{"Type": "Number", "Value": "99.12"}, "attr2": map[string]any{"Type": "Binary", "Value": "AgME"}},
	}
	if diff := cmp.Diff(want, n); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(all[0].body, "{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \""+id+"\",\n") {
		t.Error(all[0].body)
	}
	checkHeader(t, all[0].header, "Notification", id, topic, sub.ARN, "text/plain; charset=UTF-8")

	if w := s.follow(n["UnsubscribeURL"].(string)); w.Code != 200 || !strings.HasPrefix(w.Body.String(), `<UnsubscribeResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ResponseMetadata>`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.publish(Message{TopicARN: topic, Default: "nobody"})
	s.deliver()
	all = e.all()
	if len(all) != 1 {
		t.Fatalf("%d requests", len(all))
	}
	last := all[0].document(t)
	verify(t, s, last)
	if last["Type"] != "UnsubscribeConfirmation" || last["Message"] != "You have chosen to deactivate subscription "+sub.ARN+".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message." {
		t.Errorf("%v", last)
	}
	if w := s.follow(link); w.Code != 400 {
		t.Errorf("the first link restores it: %s", w.Body)
	}
	if w := s.follow(last["SubscribeURL"].(string)); w.Code != 200 || !strings.Contains(w.Body.String(), sub.ARN) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.publish(Message{TopicARN: topic, Default: "again"})
	s.deliver()
	if all = e.all(); len(all) != 1 || all[0].document(t)["Message"] != "again" {
		t.Errorf("%v", all)
	}
}

func checkHeader(t *testing.T, h http.Header, kind, id, topic, subscription, contentType string) {
	t.Helper()
	want := map[string]string{
		"Content-Type": contentType, "User-Agent": "Amazon Simple Notification Service Agent", "X-Amz-Sns-Message-Type": kind,
		"X-Amz-Sns-Message-Id": id, "X-Amz-Sns-Topic-Arn": topic, "X-Amz-Sns-Subscription-Arn": subscription,
	}
	for name, v := range want {
		if h.Get(name) != v {
			t.Errorf("%s is %q, want %q", name, h.Get(name), v)
		}
	}
}

// verify verifies a document as a receiver does: by the certificate at its URL.
func verify(t *testing.T, s *testStore, d map[string]any) {
	t.Helper()
	w := s.follow(d["SigningCertURL"].(string))
	block, _ := pem.Decode(w.Body.Bytes())
	if block == nil || w.Header().Get("Content-Type") != "application/x-pem-file" {
		t.Fatalf("no certificate: %s", w.Body)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if d["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var text strings.Builder
	for _, n := range names {
		if v, ok := d[n]; ok {
			text.WriteString(n + "\n" + v.(string) + "\n")
		}
	}
	signature, err := base64.StdEncoding.DecodeString(d["Signature"].(string))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text.String()))
	if err := rsa.VerifyPKCS1v15(c.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], signature); err != nil {
		t.Errorf("%v of %q", err, text.String())
	}
}

// TestRaw delivers raw, with types of content.
func TestRaw(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	sub := s.confirmed(topic, e, map[string]string{"RawMessageDelivery": "TrUe", "DeliveryPolicy": `{"requestPolicy":{"headerContentType":"text/csv"}}`})
	id := s.publish(Message{TopicARN: topic, Default: "for others", ByProtocol: map[string]string{"http": "a,b\n"}, Subject: "s"})
	s.deliver()
	all := e.all()
	if len(all) != 1 || all[0].body != "a,b\n" || all[0].header.Get("X-Amz-Sns-Rawdelivery") != "true" {
		t.Fatalf("%v", all)
	}
	checkHeader(t, all[0].header, "Notification", id, topic, sub.ARN, "text/csv")
	wantError(t, s.SetSubscriptionAttribute(t.Context(), sub.ARN, "RawMessageDelivery", "false"),
		`InvalidParameter: Invalid parameter: DeliveryPolicy: requestPolicy.headerContentType: "text/csv" is not one of application/json, text/plain`)
}

// TestRetries fails and succeeds by the policy of AWS: three retries, 20 s apart; then the message is a dead letter, and can be sent again.
func TestRetries(t *testing.T) {
	s := open(t, nil)
	fail := true
	e := newEndpoint(t, nil)
	topic := s.ops()
	sub := s.confirmed(topic, e, nil)
	e.answer = func(_ int, w http.ResponseWriter) {
		if fail {
			http.Error(w, "down\nfor a while", http.StatusServiceUnavailable)
		}
	}
	id := s.publish(Message{TopicARN: topic, Default: "m", Subject: "s"})
	start := s.clock.Now().UnixMilli()
	for attempt := range 4 {
		next := s.deliver()
		if n := len(e.all()); n != 1 {
			t.Fatalf("attempt %d: %d requests", attempt, n)
		}
		if want := start + int64(attempt+1)*20_000; attempt < 3 && next != want || attempt == 3 && next != 0 {
			t.Errorf("attempt %d: the next is after %d", attempt, next-start)
		}
		s.clock.Advance(19 * time.Second)
		if s.reopen(); s.deliver() != next || len(e.all()) != 0 {
			t.Error("it came too early")
		}
		s.clock.Advance(time.Second)
	}
	dead := s.dead()
	want := []DeadLetter{{
		ID: dead[0].ID, MessageID: id, TopicARN: topic, SubscriptionARN: sub.ARN, Protocol: "http", Endpoint: e.URL, Kind: "Notification", Subject: "s", Text: "m", Attempts: 4,
		Reason: "the endpoint answered 503 Service Unavailable: down for a while", Published: start, Died: start + 60_000,
	}}
	if diff := cmp.Diff(want, dead); diff != "" {
		t.Error(diff)
	}
	fail = false
	if err := s.Redrive(t.Context(), dead[0].ID); err != nil {
		t.Fatal(err)
	}
	s.deliver()
	if all := e.all(); len(all) != 1 || all[0].document(t)["MessageId"] != id || len(s.dead()) != 0 {
		t.Errorf("%v, dead %v", all, s.dead())
	}
	wantError(t, s.Redrive(t.Context(), dead[0].ID), "NotFound: Dead letter does not exist")
	wantError(t, s.Drop(t.Context(), dead[0].ID), "NotFound: Dead letter does not exist")
}

// TestAnswers tells which answers are tried again, and what the dead letter says.
func TestAnswers(t *testing.T) {
	tests := []struct {
		name   string
		answer func(n int, w http.ResponseWriter)
		again  bool
		reason string
	}{
		{"404", func(_ int, w http.ResponseWriter) { http.Error(w, "", http.StatusNotFound) }, false, "the endpoint answered 404 Not Found"},
		{"429", func(_ int, w http.ResponseWriter) { http.Error(w, "slow", http.StatusTooManyRequests) }, true, "the endpoint answered 429 Too Many Requests: slow"},
		{"500", func(_ int, w http.ResponseWriter) {
			http.Error(w, "\x1b[31m"+strings.Repeat("x", 5000), http.StatusInternalServerError)
		}, true, "the endpoint answered 500 Internal Server Error:  [31m" + strings.Repeat("x", 200)},
		{"redirect", func(_ int, w http.ResponseWriter) {
			w.Header().Set("Location", "http://169.254.169.254/")
			w.WriteHeader(http.StatusFound)
		}, true, "the endpoint answered 302 Found, and redirects are not followed: to http://169.254.169.254/"},
		{"reset", func(_ int, w http.ResponseWriter) { panic(http.ErrAbortHandler) }, true, "EOF"},
		{"201", func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusCreated) }, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, nil)
			e := newEndpoint(t, nil)
			topic := s.ops()
			s.confirmed(topic, e, nil)
			e.answer = tt.answer
			s.publish(Message{TopicARN: topic, Default: "m"})
			if next := s.deliver(); (next > 0) != tt.again {
				t.Errorf("the next is at %d", next)
			}
			for range 3 {
				s.clock.Advance(20 * time.Second)
				s.deliver()
			}
			dead := s.dead()
			if tt.reason == "" {
				if len(dead) != 0 {
					t.Errorf("%v", dead)
				}
				return
			}
			if len(dead) != 1 || !strings.Contains(dead[0].Reason, tt.reason) {
				t.Errorf("got %+v\nwant %s", dead, tt.reason)
			}
		})
	}
}

// TestLinksForPeople answers browsers in HTML, and looks at a link by HEAD without following it.
func TestLinksForPeople(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	sub := s.subscribe(topic, "http", e.URL, nil)
	s.deliver()
	link := strings.TrimPrefix(e.all()[0].document(t)["SubscribeURL"].(string), testURL)
	ask := func(method, link string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, link, nil)
		r.Header.Set("Accept", "text/html,*/*")
		if !s.Match(r) {
			t.Errorf("%s is not ours", link)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w
	}
	ask(http.MethodHead, link)
	if list, err := s.Subscriptions(t.Context(), topic); err != nil || !list[0].Pending {
		t.Errorf("HEAD confirmed it: %v", err)
	}
	if w := ask(http.MethodGet, link); w.Code != 200 || !strings.Contains(w.Body.String(), "<p>The subscription is confirmed: "+sub.ARN+"</p>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(http.MethodGet, "/?Action=Unsubscribe&SubscriptionArn=%3Cb%3E"); w.Code != 400 || !regexp.MustCompile(`<p>Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1</p>`).MatchString(w.Body.String()) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/", "/?Action=Publish", "/x.pem"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		w := httptest.NewRecorder()
		if s.Handler().ServeHTTP(w, r); s.Match(r) || w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
