package ec2

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/awsapi"
	"weir/internal/flowlogstore"
)

// server answers without a listener.
type server struct {
	t     *testing.T
	store *flowlogstore.Store
	http  http.Handler

	mu      sync.Mutex
	objects map[string]string // that were written, by bucket and key
}

// put writes an object where the bucket is not "closed".
func (s *server) put(_ context.Context, bucket, key string, body []byte) (string, error) {
	if bucket == "closed" {
		return "", errors.New("the bucket is closed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[bucket+"/"+key] = string(body)
	return "https://" + bucket + ".example/" + url.PathEscape(key), nil
}

func newServer(t *testing.T, auth awsapi.Authenticator) *server {
	t.Helper()
	at := time.UnixMilli(1_790_000_000_000)
	store, err := flowlogstore.Open(t.Context(), t.TempDir(), flowlogstore.Options{
		Place: flowlogstore.Place{Account: "123456789012", Region: "us-east-1"},
		Now:   func() time.Time { at = at.Add(time.Millisecond); return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &server{t: t, store: store, objects: map[string]string{}}
	api := &API{
		Store: store, PutObject: s.put, Now: func() time.Time { return time.UnixMilli(1_790_000_000_000) },
		PlaceOf: func(context.Context, *flowlogstore.FlowLog) (flowlogstore.Place, error) {
			return flowlogstore.Place{Account: "123456789012", Region: "us-east-1"}, nil
		},
	}
	s.http = awsapi.NewRouter(auth, slog.New(slog.DiscardHandler), api.Service())
	return s
}

// An element is one of XML.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Children []element `xml:",any"`
}

// at returns the texts of all elements at a path, such as "flowLogSet/item/flowLogId".
func (e element) at(path string) []string {
	name, rest, more := strings.Cut(path, "/")
	var out []string
	for _, c := range e.Children {
		switch {
		case c.XMLName.Local != name:
		case more:
			out = append(out, c.at(rest)...)
		default:
			out = append(out, c.Text)
		}
	}
	return out
}

// send sends a form: parameters as they stand in a URL.
func (s *server) send(operation, parameters string) (int, element) {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/", strings.NewReader("Action="+operation+"&Version=2016-11-15&"+parameters))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261129/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	var out element
	if err := xml.Unmarshal(w.Body.Bytes(), &out); err != nil {
		s.t.Fatalf("%v in %s", err, w.Body)
	}
	return w.Code, out
}

// ok sends a form that must be answered well.
func (s *server) ok(operation, parameters string) element {
	s.t.Helper()
	status, out := s.send(operation, parameters)
	if status != http.StatusOK || out.XMLName.Local != operation+"Response" || len(out.at("requestId")) != 1 {
		s.t.Fatalf("%s %s: %d %v", operation, parameters, status, out)
	}
	return out
}

// refused sends a form and returns the error's code and message.
func (s *server) refused(operation, parameters string) string {
	s.t.Helper()
	status, out := s.send(operation, parameters)
	if status == http.StatusOK {
		return fmt.Sprintf("answered %v", out)
	}
	return strings.Join(out.at("Errors/Error/Code"), "") + ": " + strings.Join(out.at("Errors/Error/Message"), "")
}

const (
	base     = "ResourceType=VPC&TrafficType=ALL&LogDestinationType=s3&LogDestination=arn:aws:s3:::bkt&ResourceId.1="
	teamSpec = "&TagSpecification.1.ResourceType=vpc-flow-log&TagSpecification.1.Tag.1.Key=team"
)

// create makes a flow log and returns its id.
func (s *server) create(parameters string) string {
	s.t.Helper()
	ids := s.ok("CreateFlowLogs", parameters).at("flowLogIdSet/item")
	if len(ids) != 1 {
		s.t.Fatalf("made %v", ids)
	}
	return ids[0]
}

// described returns what DescribeFlowLogs says of a flow log, by path.
func (s *server) described(id string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	var walk func(e element, path string)
	walk = func(e element, path string) {
		for i, c := range e.Children {
			name := c.XMLName.Local
			if name == "item" {
				name = fmt.Sprint(i + 1)
			}
			if len(c.Children) == 0 {
				out[path+name] = c.Text
			}
			walk(c, path+name+"/")
		}
	}
	for _, set := range s.ok("DescribeFlowLogs", "FlowLogId.1="+id).Children {
		if set.XMLName.Local == "flowLogSet" && len(set.Children) == 1 {
			walk(set.Children[0], "")
		}
	}
	return out
}

func query(values map[string]string) string {
	form := url.Values{}
	for k, v := range values {
		form.Set(k, v)
	}
	return form.Encode()
}

// storeRequest asks the store for flow logs that go to a bucket.
func storeRequest(ids ...string) flowlogstore.Request {
	return flowlogstore.Request{ResourceIDs: ids, Config: flowlogstore.Config{
		ResourceType: flowlogstore.NetworkInterface, TrafficType: "ALL", DestinationType: flowlogstore.S3, Destination: "arn:aws:s3:::bkt", LogFormat: "${version} ${start}",
		FileFormat: flowlogstore.Parquet, Hive: true,
	}}
}
