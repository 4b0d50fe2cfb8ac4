package sts

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/source/sourcetest"
)

// someone may do nothing.
type someone struct{ id string }

func (s someone) AccessKeyID() string { return s.id }
func (someone) Allows(string) bool    { return false }

// signed lets in who signs with the test's key, who may do nothing.
type signed struct{ awsapitest.Signed }

func (s signed) Authenticate(r *http.Request, body []byte, service string) (awsapi.Identity, error) {
	who, err := s.Signed.Authenticate(r, body, service)
	if err != nil {
		return nil, err
	}
	return someone{who.AccessKeyID()}, nil
}

// open lets everyone in.
type open struct{ someone }

func (open) Screen(*http.Request, string) error                                    { return nil }
func (o open) Authenticate(*http.Request, []byte, string) (awsapi.Identity, error) { return o, nil }

func router(auth awsapi.Authenticator) *awsapi.Router {
	api := &API{Account: "123456789012", Name: func(id string) string { return map[string]string{awsapitest.Key: "terraform"}[id] }}
	return awsapi.NewRouter(auth, slog.New(slog.DiscardHandler), api.Service())
}

// TestGetCallerIdentity asks by the form that all clients send.
func TestGetCallerIdentity(t *testing.T) {
	for id, want := range map[string]string{
		awsapitest.Key: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/terraform</Arn><UserId>WEIRTESTKEY</UserId><Account>123456789012</Account></GetCallerIdentityResult>` +
			`<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
		"GONE": `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error><RequestId>ID</RequestId></ErrorResponse>`,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261129/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0")
		w := httptest.NewRecorder()
		router(open{someone{id}}).ServeHTTP(w, r)
		if got := strings.ReplaceAll(w.Body.String(), w.Header().Get("X-Amzn-Requestid"), "ID"); got != want {
			t.Errorf("%d %s\nwant %s", w.Code, got, want)
		}
	}
}

// TestRefused asks for another operation.
func TestRefused(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("Action=AssumeRole&Version=2011-06-15"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261129/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	router(open{someone{awsapitest.Key}}).ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), "<Code>InvalidAction</Code>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestClients asks with boto3 and with the AWS CLI of both versions.
func TestClients(t *testing.T) {
	server := httptest.NewServer(router(signed{awsapitest.ByKey}))
	defer server.Close()
	cli := func(major string) func(t *testing.T) (string, []string) {
		return func(t *testing.T) (string, []string) {
			path, _ := sourcetest.AWSCLI(t, major)
			return path, []string{"--endpoint-url", server.URL, "--region", "us-east-1", "--output", "json", "sts", "get-caller-identity"}
		}
	}
	for name, program := range map[string]func(t *testing.T) (string, []string){
		"boto3": func(t *testing.T) (string, []string) {
			return sourcetest.Python(t, "boto3"), []string{"-c", `import boto3, json, sys
a = boto3.client("sts", endpoint_url=sys.argv[1], region_name="us-east-1").get_caller_identity()
a.pop("ResponseMetadata")
print(json.dumps(a))`, server.URL}
		},
		"AWS CLI 1": cli("1"),
		"AWS CLI 2": cli("2"),
	} {
		t.Run(name, func(t *testing.T) {
			path, args := program(t)
			cmd := exec.CommandContext(t.Context(), path, args...)
			cmd.Env = awsapitest.Environ(t)
			out, err := cmd.CombinedOutput()
			var got getCallerIdentityResponse
			if err == nil {
				err = json.Unmarshal(out, &got)
			}
			if want := (getCallerIdentityResponse{"arn:aws:iam::123456789012:user/terraform", awsapitest.Key, "123456789012"}); err != nil || got != want {
				t.Errorf("%v %+v\n%s", err, got, out)
			}
		})
	}
}
