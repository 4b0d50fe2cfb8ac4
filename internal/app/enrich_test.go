package app

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/query"
)

const someRanges = `{"createDate": "2026-03-02-10-15-03", "prefixes": [{"ip_prefix": "52.94.0.0/22", "region": "us-east-1", "service": "DYNAMODB"}]}`

// TestRanges gets the networks of AWS from a server, and keeps them where one gives something
// else.
func TestRanges(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ip-ranges.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(someRanges)) })
	server := httptest.NewServer(mux)
	defer server.Close()
	data := t.TempDir()
	n := &names{data: data}
	service := func() string {
		t.Helper()
		now, err := n.get(t.Context(), query.FromRanges)
		if err != nil {
			t.Fatal(err)
		}
		if err := now.Lacks(query.SrcService); err != nil {
			return err.Error()
		}
		return now.OfAddress(query.SrcService, "52.94.1.1")
	}
	if got := service(); got != query.ErrNoRanges.Error() {
		t.Errorf("before: %q", got)
	}
	if _, err := FetchPublished(t.Context(), server.URL+"/other"); err == nil || !strings.Contains(err.Error(), "answers 404") {
		t.Errorf("a page that is not there: %v", err)
	}
	body, err := FetchPublished(t.Context(), server.URL+"/ip-ranges.json")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	taken, err := TakePublished(data, body)
	if diff := cmp.Diff(Enriched{Created: "2026-03-02-10-15-03", Networks: 1}, taken); err != nil || diff != "" {
		t.Errorf("taken: %v, %s", err, diff)
	}
	if got := service(); got != "DYNAMODB" {
		t.Errorf("after: %q", got)
	}
	for name, text := range map[string]string{"HTML": "<html>", "other JSON": `{"Vpcs": []}`, "a database": "\x00\x01\x02", "nothing": "", "half a gzip": "\x1f\x8b\x08"} {
		if _, err := TakePublished(data, strings.NewReader(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if got := service(); got != "DYNAMODB" {
		t.Errorf("after what can't be read: %q", got)
	}
}

// TestCountries takes lists of countries, one family after the other, and keeps them where one
// is bad.
func TestCountries(t *testing.T) {
	data := t.TempDir()
	n, other := &names{data: data}, &names{data: data} // as of another process
	country := func(addr string) string {
		t.Helper()
		var out []string
		for _, n := range []*names{n, other} {
			now, err := n.get(t.Context(), query.FromAll)
			if err != nil {
				t.Fatal(err)
			}
			if err := now.Lacks(query.SrcCountry); err != nil {
				out = append(out, err.Error())
			} else {
				out = append(out, now.OfAddress(query.DstCountry, addr))
			}
		}
		if out[0] != out[1] {
			t.Errorf("%s is told as %q", addr, out)
		}
		return out[0]
	}
	check := func(when string, want map[string]string) {
		t.Helper()
		for addr, c := range want {
			if got := country(addr); got != c {
				t.Errorf("%s: %s is in %q, want %q", when, addr, got, c)
			}
		}
	}
	take := func(text []byte, want Enriched) {
		t.Helper()
		got, err := TakePublished(data, bytes.NewReader(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	check("before", map[string]string{"1.0.0.1": query.ErrNoCountries.Error()})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte("1.0.0.0\t1.0.0.255\tAU\n1.0.1.0\t1.0.3.255\tNone\n"))
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	take(packed.Bytes(), Enriched{Countries: []EnrichedCountries{{"IPv4", 2, 1}}, Without: "IPv6"})
	check("IPv4", map[string]string{"1.0.0.1": "AU", "::ffff:1.0.0.1": "AU", "1.0.1.1": "", "2001::1": "", "no address": ""})
	take([]byte("2001::,2001::ffff,FR\n"), Enriched{Countries: []EnrichedCountries{{"IPv6", 1, 1}}})
	check("both", map[string]string{"1.0.0.1": "AU", "2001::1": "FR", "2002::1": ""})
	take([]byte("1.0.0.0,1.0.0.255,NZ\n2.0.0.0,2.0.0.0,DE\n"), Enriched{Countries: []EnrichedCountries{{"IPv4", 2, 2}}})
	check("IPv4 again", map[string]string{"1.0.0.1": "NZ", "2.0.0.0": "DE", "2001::1": "FR"})
	if _, err := TakePublished(data, strings.NewReader("1.0.0.0,1.0.0.255,US\n1.0.0.x,1.0.0.9,US\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a bad line: %v", err)
	}
	check("after what can't be read", map[string]string{"1.0.0.1": "NZ"})
	if from, err := n.known(t.Context()); err != nil || from != query.FromCountries|query.FromRegistry {
		t.Errorf("known is %b, %v", from, err)
	}
	path := filepath.Join(data, "network", "countries-ipv4.bin")
	if err := os.WriteFile(path, []byte("weir countries 1 and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := n.get(t.Context(), query.FromCountries); err == nil || !strings.Contains(err.Error(), path+": the list of countries is damaged: import it again") {
		t.Errorf("damaged: %v", err)
	}
	if _, err := n.get(t.Context(), query.FromDefinition); err != nil {
		t.Errorf("what does not ask for it: %v", err)
	}
}
