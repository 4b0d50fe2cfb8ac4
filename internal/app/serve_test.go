package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/lake"
)

// serve starts a server of a data directory and returns its URL. It ends with the
// test, or when stop is called, which returns what Serve returned.
func serve(t *testing.T, o ServeOptions) (at string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	o.Version, o.Log = testVersion, slog.New(slog.DiscardHandler)
	o.Ready = func(url string) { ready <- url }
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	go func() { done <- Serve(ctx, o) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(20 * time.Second):
			return errors.New("the server does not end")
		}
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	select {
	case at = <-ready:
		return at, stop
	case err := <-done:
		t.Fatal(err)
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not answer")
	}
	return "", nil
}

// get asks a server, with the headers of a browser that goes to host.
func get(t *testing.T, client *http.Client, url, host string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// checkLabels asks for paths that are there and for others, and checks that only
// the former become labels of metrics.
func checkLabels(t *testing.T, at string) {
	t.Helper()
	for _, path := range []string{"api/v1/status", "api/v1/made/up1", "api/v1/status/", "api/up2", "up3", "assets/up4", "healthz/up5", "login"} {
		get(t, http.DefaultClient, at+path, "")
	}
	_, body := get(t, http.DefaultClient, at+"metrics", "")
	got := map[string]bool{}
	for _, m := range regexp.MustCompile(`weir_http_request_duration_seconds_count\{.*path="(.*?)"`).FindAllStringSubmatch(body, -1) {
		got[m[1]] = true
	}
	want := map[string]bool{"/healthz": true, "/metrics": true, "/api/v1/status": true, "/api/": true, "page": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

// TestServe walks through a server's life.
func TestServe(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	at, stop := serve(t, ServeOptions{Data: data})
	if status, body := get(t, http.DefaultClient, at+"healthz", ""); status != 200 || body != "ok\n" {
		t.Errorf("/healthz: %d %q", status, body)
	}
	for _, want := range []string{"weir_lake_records 0", `weir_build_info{version="` + testVersion + `"} 1`, "go_goroutines "} {
		if status, body := get(t, http.DefaultClient, at+"metrics", ""); status != 200 || !strings.Contains(body, want) {
			t.Errorf("/metrics: %d, without %q", status, want)
		}
	}
	if status, body := get(t, http.DefaultClient, at+"metrics", ""); !strings.Contains(body, `weir_http_request_duration_seconds_count{code="200",path="/healthz"} 1`) {
		t.Errorf("/metrics: %d, requests are not counted", status)
	}
	checkLabels(t, at)
	if status, body := get(t, http.DefaultClient, at, ""); status != 200 || !strings.Contains(body, "<html") {
		t.Errorf("the page: %d %.100q", status, body)
	}
	if status, _ := get(t, http.DefaultClient, at+"api/v1/status", "evil.example"); status < 400 || status >= 500 {
		t.Errorf("a foreign Host gets %d", status)
	}
	socket := filepath.Join(data, socketName)
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v, %v; want 0600", info.Mode(), err)
	}

	// Another writer is told who holds the directory; readers can look.
	_, err = OpenLocal(t.Context(), LocalOptions{Data: data})
	if !errors.Is(err, lake.ErrLocked) || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("a second writer: %v", err)
	}
	if err := Serve(t.Context(), ServeOptions{Data: data, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}); !errors.Is(err, lake.ErrLocked) {
		t.Errorf("a second server: %v", err)
	}
	reader, err := OpenLocal(t.Context(), LocalOptions{Data: data, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}

	began := time.Now()
	if err := stop(); err != nil {
		t.Errorf("end: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("ending took %v", took)
	}
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays behind: %v", err)
	}
	writer, err := OpenLocal(t.Context(), LocalOptions{Data: data})
	if err != nil {
		t.Fatalf("after the end: %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Error(err)
	}
}

// TestServePortTaken checks that the lake is given back where the address is not to
// be had.
func TestServePortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	data := t.TempDir()
	err = Serve(t.Context(), ServeOptions{Data: data, Listen: l.Addr().String(), Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error %v", err)
	}
	writer, err := OpenLocal(t.Context(), LocalOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	writer.Close()
}

// certificate writes a certificate of this machine and its key, and returns the
// files and who trusts it.
func certificate(t *testing.T) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "weir"}, DNSNames: []string{"weir.example"},
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
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := errors.Join(os.WriteFile(cert, certPEM, 0o600), os.WriteFile(key, keyPEM, 0o600)); err != nil {
		t.Fatal(err)
	}
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(certPEM)
	return cert, key, trust
}

// TestServeRefused checks what is not served.
func TestServeRefused(t *testing.T) {
	cert, key, _ := certificate(t)
	tests := []struct {
		name string
		o    ServeOptions
		want string
	}{
		{"all addresses without TLS", ServeOptions{Listen: "0.0.0.0:0"}, "0.0.0.0:0 can be reached from other machines, so it needs TLS and a login"},
		{"no address is all addresses", ServeOptions{Listen: ":0"}, ":0 can be reached from other machines"},
		{"a name that is not this machine's own", ServeOptions{Listen: "weir.example:0"}, "can be reached from other machines"},
		{"IPv6", ServeOptions{Listen: "[::]:0"}, "can be reached from other machines"},
		{"a certificate without its key", ServeOptions{Listen: "0.0.0.0:0", TLSCert: cert}, "TLS needs both a certificate and its key"},
		{"a key without its certificate", ServeOptions{Listen: "127.0.0.1:0", TLSKey: key}, "TLS needs both a certificate and its key"},
		{"TLS without users", ServeOptions{Listen: "0.0.0.0:0", TLSCert: cert, TLSKey: key}, "nobody can log in: "},
		{"no certificate there", ServeOptions{Listen: "127.0.0.1:0", TLSCert: "nowhere", TLSKey: key}, "cannot load the certificate"},
		{"no port", ServeOptions{Listen: "127.0.0.1"}, `cannot listen on "127.0.0.1"`},
		{"no address", ServeOptions{Listen: "banana"}, `cannot listen on "banana"`},
		{"empty port", ServeOptions{Listen: "127.0.0.1:"}, `cannot listen on "127.0.0.1:"`},
		{"no such port", ServeOptions{Listen: "127.0.0.1:99999"}, `cannot listen on "127.0.0.1:99999"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Data, tt.o.Log = filepath.Join(t.TempDir(), "data"), slog.New(slog.DiscardHandler)
			err := Serve(t.Context(), tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
			var usage *UsageError
			if errors.As(err, &usage) == (tt.name == "no certificate there") {
				t.Errorf("%v: is it one of usage?", err)
			}
			if _, err := os.Stat(tt.o.Data); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the data directory was made: %v", err)
			}
		})
	}
}

// TestServeTLS checks that with TLS everything asks for a login, and that the login
// works.
func TestServeTLS(t *testing.T) {
	data := t.TempDir()
	if err := AddUser(data, "alice", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	cert, key, trust := certificate(t)
	at, _ := serve(t, ServeOptions{Data: data, TLSCert: cert, TLSKey: key})
	if !strings.HasPrefix(at, "https://127.0.0.1:") {
		t.Errorf("URL %s", at)
	}
	jar := &oneCookie{}
	client := &http.Client{
		Jar:           jar,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	if status, body := get(t, client, at+"healthz", ""); status != http.StatusOK {
		t.Errorf("a probe gets %d %.80q", status, body)
	}
	for _, path := range []string{"", "metrics", "api/v1/status"} {
		if status, body := get(t, client, at+path, ""); status == http.StatusOK {
			t.Errorf("/%s without a login: %d %.80q", path, status, body)
		}
	}
	if status, _ := get(t, client, at, "evil.example"); status < 400 || status >= 500 {
		t.Errorf("a foreign Host gets %d", status)
	}
	login := func(password string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"login",
			strings.NewReader(url.Values{"name": {"alice"}, "password": {password}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", strings.TrimSuffix(at, "/"))
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if status := login("wrong horse battery"); status == http.StatusSeeOther {
		t.Errorf("a wrong password gets %d", status)
	}
	if status := login("correct horse battery"); status != http.StatusSeeOther {
		t.Errorf("the right password gets %d", status)
	}
	if status, body := get(t, client, at+"api/v1/status", ""); status != http.StatusOK || !strings.Contains(body, `"alice"`) {
		t.Errorf("with a login: %d %s", status, body)
	}
	if status, body := get(t, client, at+"healthz", "weir.example"); status != http.StatusOK {
		t.Errorf("by a name of the certificate: %d %s", status, body)
	}
}

// oneCookie keeps the last cookies for every URL.
type oneCookie struct{ cookies []*http.Cookie }

func (o *oneCookie) SetCookies(_ *url.URL, c []*http.Cookie) { o.cookies = c }
func (o *oneCookie) Cookies(*url.URL) []*http.Cookie         { return o.cookies }

// TestEngineTemp checks that what queries put on disk goes with the process, and
// that a writer clears away what a killed one left, and nothing else.
func TestEngineTemp(t *testing.T) {
	data := t.TempDir()
	writer, err := OpenLocal(t.Context(), LocalOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(data, "cache", "engine")
	if own, err := filepath.Glob(filepath.Join(dir, strconv.Itoa(os.Getpid())+"-*")); err != nil || len(own) != 1 {
		t.Errorf("folders of this process: %v, %v", own, err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	dead := filepath.Join(dir, strconv.Itoa(1<<22+1)+"-1") // above the largest process id of Linux
	alive := filepath.Join(dir, strconv.Itoa(os.Getppid())+"-1")
	for _, d := range []string{dead, alive} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if writer, err = OpenLocal(t.Context(), LocalOptions{Data: data}); err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a dead process's folder stays: %v", err)
	}
	if _, err := os.Stat(alive); err != nil {
		t.Errorf("a living process's folder is gone: %v", err)
	}
}

// TestLabel writes groups of formats that lack port, protocol or both.
func TestLabel(t *testing.T) {
	for want, values := range map[string][]any{
		"10.0.0.1":                         {"10.0.0.1"},
		"":                                 {nil},
		"10.0.0.1 -> 10.0.0.2 port 22/tcp": {"10.0.0.1", "10.0.0.2", int64(22), int64(6)},
		"10.0.0.1 -> 10.0.0.2 port 22":     {"10.0.0.1", "10.0.0.2", int64(22), nil},
		"10.0.0.1 -> 10.0.0.2 tcp":         {"10.0.0.1", "10.0.0.2", nil, int64(6)},
		"10.0.0.1 -> 10.0.0.2":             {"10.0.0.1", "10.0.0.2", nil, nil},
	} {
		if got := label(values); got != want {
			t.Errorf("%v: %q, want %q", values, got, want)
		}
	}
}
