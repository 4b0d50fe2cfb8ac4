package awsapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type box struct {
	lid
	Name    string   `json:"Name"`
	Size    *int32   `json:"Size"`
	Things  []string `json:"Thing"`
	Parts   []slot   `json:"Part"`
	Options slot     `json:"Options"`
}

type lid struct {
	Closed bool `json:"Closed"`
}

type slot struct {
	Key    string   `json:"Key"`
	Values []string `json:"Value"`
}

type boxed struct {
	Name  string   `json:"name"`
	None  []string `json:"noneSet"`
	Token string   `json:"nextToken,omitempty"`
	Parts []found  `json:"partSet"`
	Least *found   `json:"least,omitempty"`
}

type found struct {
	Closed bool  `json:"closed"`
	Size   int32 `json:"size"`
}

const ec2Scope = "AWS4-HMAC-SHA256 Credential=K/20261129/us-east-1/boxes/aws4_request, SignedHeaders=host, Signature=0"

func ec2Router(auth Authenticator, got *box) *Router {
	free := Handle(func(context.Context, *Call, *struct{}) (*struct{}, error) { return nil, nil })
	free.Unrestricted = true
	return NewRouter(auth, slog.New(slog.DiscardHandler), &Service{
		Name: "boxes", Version: "2026-01-01", Namespace: "urn:boxes/", EC2: true, InvalidCode: "InvalidParameterValue",
		Operations: map[string]Operation{
			"Keep": Handle(func(_ context.Context, _ *Call, in *box) (*boxed, error) {
				*got = *in
				return &boxed{Name: "<ä>", Parts: []found{{true, 3}, {}}}, nil
			}),
			"Refuse": Handle(func(context.Context, *Call, *box) (*boxed, error) { return nil, Errorf("NoBox", "no <box>") }),
			"Break":  Handle(func(context.Context, *Call, *box) (*boxed, error) { return nil, errors.New("broken") }),
			"Free":   free,
		},
	})
}

// grants lets all in, and allows the actions that it names.
type grants string

func (grants) Screen(*http.Request, string) error { return nil }
func (g grants) Authenticate(*http.Request, []byte, string) (Identity, error) {
	return key{string(g)}, nil
}

// rejects lets nobody in.
type rejects struct{ err *Error }

func (r rejects) Screen(*http.Request, string) error { return r.err }
func (rejects) Authenticate(*http.Request, []byte, string) (Identity, error) {
	return nil, errors.New("screened")
}

// TestEC2 sends forms as EC2's clients do, and what they do not.
func TestEC2(t *testing.T) {
	const keep = "Action=Keep&Version=2026-01-01&"
	yes := `<KeepResponse xmlns="urn:boxes/"><requestId>ID</requestId><name>&lt;ä&gt;</name><noneSet></noneSet><partSet><item><closed>true</closed><size>3</size></item><item><closed>false</closed><size>0</size></item></partSet></KeepResponse>`
	no := func(code, message string) string {
		return "<Response><Errors><Error><Code>" + code + "</Code><Message>" + message + "</Message></Error></Errors><RequestID>ID</RequestID></Response>"
	}
	tests := []struct {
		name, body string
		auth       Authenticator
		status     int
		want       string
		got        box
	}{
		{
			name: "all members", body: keep + "Closed=true&Name=a%26b&Size=7&Thing.2=y&Thing.1=x&Part.1.Key=k&Part.1.Value.1=v&Part.2.Value.1=w&Part.2.Value.2=z&Options.Value.1=o", status: 200, want: yes,
			got: box{lid{true}, "a&b", new(int32(7)), []string{"x", "y"}, []slot{{"k", []string{"v"}}, {"", []string{"w", "z"}}}, slot{"", []string{"o"}}},
		},
		{name: "nothing", body: keep, status: 200, want: yes},
		{name: "eleven elements", body: keep + "Thing.10=j&Thing.11=k&Thing.1=a&Thing.2=b&Thing.3=c&Thing.4=d&Thing.5=e&Thing.6=f&Thing.7=g&Thing.8=h&Thing.9=i", status: 200, want: yes, got: box{Things: strings.Split("abcdefghijk", "")}},
		{name: "an unknown parameter", body: keep + "Zoo=1&Naem=a", status: 400, want: no("UnknownParameter", "The parameter Naem is not recognized")},
		{name: "a parameter without a name", body: keep + "=1", status: 400, want: no("UnknownParameter", "The parameter  is not recognized")},
		{name: "an unknown parameter of an element", body: keep + "Part.1.Key=a&Part.2.Kye=b", status: 400, want: no("UnknownParameter", "The parameter Part.2.Kye is not recognized")},
		{name: "an unknown parameter of a structure", body: keep + "Options.Colour=a", status: 400, want: no("UnknownParameter", "The parameter Options.Colour is not recognized")},
		{name: "AWS Query's lists", body: keep + "Thing.member.1=x", status: 400, want: no("InvalidParameterValue", "START_OBJECT can not be converted to a list, at &#39;Thing&#39;")},
		{name: "an element that is left out", body: keep + "Thing.1=x&Thing.3=y", status: 400, want: no("MalformedQueryString", "the elements of Thing are not numbered from 1 to 2")},
		{name: "an element zero", body: keep + "Part.1.Value.0=x", status: 400, want: no("MalformedQueryString", "the elements of Part.1.Value are not numbered from 1 to 1")},
		{name: "an element twice", body: keep + "Thing.1=x&Thing.01=y", status: 400, want: no("MalformedQueryString", "the elements of Thing are not numbered from 1 to 2")},
		{name: "a text for a list", body: keep + "Thing=x", status: 400, want: no("InvalidParameterValue", "STRING_VALUE can not be converted to a list, at &#39;Thing&#39;")},
		{name: "a text for a number", body: keep + "Size=x", status: 400, want: no("InvalidParameterValue", "STRING_VALUE can not be converted to a Integer, at &#39;Size&#39;")},
		{name: "a value and a structure", body: keep + "Options=x&Options.Key=y", status: 400},
		{name: "no form", body: keep + "Name=%zz", status: 400, want: no("InvalidAction", "The request has no Action, or is not of the version 2026-01-01.")},
		{name: "not UTF-8", body: keep + "Name=%ff", status: 400, want: no("MalformedQueryString", "the value of Name is not UTF-8")},
		{name: "an unknown action", body: "Action=RunInstances&Version=2026-01-01", status: 400, want: no("InvalidAction", "The action RunInstances is not valid for this web service.")},
		{name: "another version", body: "Action=Keep&Version=2014-01-01", status: 400, want: no("InvalidAction", "The request has no Action, or is not of the version 2026-01-01.")},
		{name: "an error", body: "Action=Refuse&Version=2026-01-01", status: 400, want: no("NoBox", "no &lt;box&gt;")},
		{name: "not allowed", body: keep, auth: grants("boxes:Refuse"), status: 403, want: no("UnauthorizedOperation", "You are not authorized to perform this operation. Why: the access key WEIRTEST is not authorized to perform: boxes:Keep")},
		{name: "allowed to all", body: "Action=Free&Version=2026-01-01", auth: grants("boxes:Refuse"), status: 200, want: `<FreeResponse xmlns="urn:boxes/"><requestId>ID</requestId></FreeResponse>`},
		{name: "no signature", body: keep, auth: rejects{&Error{Code: "MissingAuthenticationTokenException", Status: 403, Message: "none"}}, status: 403, want: no("MissingAuthenticationToken", "none")},
		{name: "another signature", body: keep, auth: rejects{&Error{Code: "InvalidSignatureException", Status: 403, Message: "differs"}}, status: 401, want: no("AuthFailure", "AWS was not able to validate the provided access credentials. Why: differs")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got box
			if tt.auth == nil {
				tt.auth = grants("")
			}
			status, answer := sendForm(t, ec2Router(tt.auth, &got), tt.body)
			if tt.want == "" {
				tt.want = answer // which of the two is said is not told
			}
			if status != tt.status || answer != tt.want {
				t.Errorf("%d %s\nwant %s", status, answer, tt.want)
			}
			if diff := cmp.Diff(tt.got, got, cmp.AllowUnexported(box{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	if status, answer := sendForm(t, ec2Router(grants(""), new(box)), "Action=Break&Version=2026-01-01"); status != 500 || !strings.Contains(answer, "<Code>InternalError</Code>") || strings.Contains(answer, "broken") {
		t.Errorf("%d %s", status, answer)
	}
}

// sendForm posts a form and returns status and answer, with ID for the request's id.
func sendForm(t *testing.T, rt *Router, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("Authorization", ec2Scope)
	w := httptest.NewRecorder()
	rt.ServeHTTP(w, r)
	if h := w.Header(); h.Get("X-Amzn-Query-Error") != "" || h.Get("Content-Type") != "text/xml;charset=UTF-8" {
		t.Errorf("headers %v", h)
	}
	answer, declared := strings.CutPrefix(w.Body.String(), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	if !declared {
		t.Errorf("no declaration: %s", w.Body)
	}
	return w.Code, strings.ReplaceAll(answer, w.Header().Get("X-Amzn-Requestid"), "ID")
}

// FuzzEC2Form: any form is read or refused, and what is read says what the form does.
func FuzzEC2Form(f *testing.F) {
	f.Add([]byte("Action=Keep&Version=2026-01-01&Closed=true&Name=a&Size=7&Thing.2=y&Thing.1=x&Part.1.Key=k&Part.1.Value.1=v&Options.Value.1=o"))
	f.Add([]byte("Thing.1=a&Thing.3=b&Part.1=x&Options.1.Key=z&Size=1e3"))
	f.Fuzz(func(t *testing.T, body []byte) {
		tree, loose, err := ec2Protocol{}.tree(body)
		if err != nil {
			return
		}
		if _, is := unrecognized(tree, reflect.TypeFor[box](), ""); is {
			return
		}
		var got box
		if err := decodeTree(tree, &got, decoder{loose: loose}); err != nil {
			return
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != form.Get("Name") || len(got.Things) > 0 && got.Things[0] != form.Get("Thing.1") {
			t.Errorf("%q is read as %+v", body, got)
		}
		for _, p := range got.Parts {
			for _, v := range p.Values {
				if !strings.Contains(form.Encode(), url.QueryEscape(v)) {
					t.Errorf("%q is read as %+v", body, got)
				}
			}
		}
	})
}
