package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"weir/internal/app"
	"weir/internal/source/sourcetest"
)

// getAs asks for a path of a server by a host's name.
func (s *awsServer) getAs(t *testing.T, host, path string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(s.url, "/")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer
}

// TestServeHosts asks by the names of hosts: a signature covers the name, so clients may use any that leads to
// the server, and the page is served by its own names alone.
func TestServeHosts(t *testing.T) {
	s := serveAWS(t, app.ServeOptions{Hosts: []string{"weir.test"}})
	s.client = http.DefaultClient
	for host, page := range map[string]int{
		"localhost": http.StatusOK, "weir.test": http.StatusOK, "weir.test:8787": http.StatusOK,
		"stream-weir.test": http.StatusMisdirectedRequest, "evil.test": http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/", "/api/status", "/metrics"} {
			if got := s.getAs(t, host, path).StatusCode; (got == http.StatusMisdirectedRequest) != (page == http.StatusMisdirectedRequest) {
				t.Errorf("%s of %s is answered by %d", path, host, got)
			}
		}
		name, _, _ := strings.Cut(host, ":")
		if _, err := newGoClient(s, name).DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{}); err != nil {
			t.Errorf("as %s: %v", host, err)
		}
	}
	// A page whose name was made to lead here has no signature: it is told nothing.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.test"
	r.Header.Set("Origin", "http://evil.test")
	r.Header.Set("X-Amz-Target", "Logs_20140328.DescribeLogGroups")
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK || answer.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page of another origin is answered by %s %v", answer.Status, answer.Header)
	}
}

// TestServeTLS asks a server with TLS and a login: clients need a signature and no login, the page a login.
func TestServeTLS(t *testing.T) {
	cert, key, trust := certificate(t)
	s := serveAWS(t, app.ServeOptions{TLSCert: cert, TLSKey: key})
	s.trust = trust
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.done(t, "CreateLogGroup", object{"logGroupName": "g"}) // by HTTP/2
	s.done(t, "CreateLogStream", object{"logGroupName": "g", "logStreamName": "s"})
	got, err := newGoClient(s, "").DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil || len(got.LogGroups) == 0 || *got.LogGroups[len(got.LogGroups)-1].LogGroupName != "g" {
		t.Errorf("by AWS's SDK: %v %v", got, err)
	}
	live(t, s, "g", "s", "arn:aws:logs:us-east-1:000000000000:log-group:g")
	t.Run("boto3", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), sourcetest.Python(t, "boto3"), boto3Script, s.url, s.key.ID, s.key.Secret, "tail")
		cmd.Env = append(os.Environ(), "AWS_CA_BUNDLE="+cert)
		boto3Asked(t, cmd)
	})
	wrong := s.key
	wrong.Secret += "x"
	if status, out, err := s.try(t.Context(), "DescribeLogGroups", object{}, wrong, time.Now()); err != nil || out["__type"] != "InvalidSignatureException" {
		t.Errorf("with another secret: %d %v %v", status, out, err)
	}
	page := s.getAs(t, "", "/")
	if to := page.Header.Get("Location"); page.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/login") {
		t.Errorf("the page without a login: %s, %s", page.Status, to)
	}
	if data := s.getAs(t, "", "/api/status"); data.StatusCode != http.StatusUnauthorized {
		t.Errorf("its data without a login: %s", data.Status)
	}
}

// certificate writes a certificate of weir.test, stream-weir.test and 127.0.0.1, and its key.
func certificate(t *testing.T) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "weir"}, DNSNames: []string{"weir.test", "stream-weir.test"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := errors.Join(os.WriteFile(cert, certPEM, 0o600), os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600)); err != nil {
		t.Fatal(err)
	}
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(certPEM)
	return cert, key, trust
}
