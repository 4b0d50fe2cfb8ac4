package versions

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

// sameAddresses compares addresses, which compare by ==.
var sameAddresses = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

func run(t *testing.T, s *Store, statement string, args ...any) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// keptNow returns what is kept, by version, as hexadecimal digits.
func keptNow(t *testing.T, s *Store) map[int64]string {
	t.Helper()
	k, err := readKept(t.Context(), s.db)
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64]string{}
	for id, r := range k.rows {
		out[id] = fmt.Sprintf("%d %x %x", r.form, r.of, r.packed)
	}
	return out
}

func reader(t *testing.T, data string) *Store {
	t.Helper()
	s, err := Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestKept checks that what is kept of versions is what their documents say, is asked in their
// place, and is made anew where it is missing, damaged, of something else or of another weir.
func TestKept(t *testing.T) {
	data := t.TempDir()
	s := create(t, data)
	mustImport(t, s, 10, interfaces(one, "eni-1 web 10.0.0.1", "eni-2 db 10.0.0.2")...)
	mustImport(t, s, 20, interfaces(one, "eni-1 blue 10.0.0.1")...)
	want, kept := spans(t, s), keptNow(t, s)
	if len(kept) != 2 {
		t.Fatalf("%d versions of 2 were kept by their imports", len(kept))
	}
	for name, damage := range map[string]string{
		"missing":           "DELETE FROM version_interfaces",
		"one is missing":    "DELETE FROM version_interfaces WHERE version = 1",
		"no gzip":           "UPDATE version_interfaces SET interfaces = x'00'",
		"cut off":           "UPDATE version_interfaces SET interfaces = substr(interfaces, 1, 30)",
		"of another weir":   "UPDATE version_interfaces SET form = form + 1, interfaces = (SELECT max(interfaces) FROM version_interfaces)",
		"of something else": "UPDATE version_interfaces SET sha256 = x'00', interfaces = (SELECT max(interfaces) FROM version_interfaces)",
		"of a weir before":  "DROP TABLE version_interfaces; DROP TABLE trail_days; PRAGMA user_version = 2",
	} {
		run(t, s, damage)
		if diff := cmp.Diff(want, spans(t, reader(t, data))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(kept, keptNow(t, s)); diff != "" {
			t.Errorf("%s: it was not kept anew (-want +got):\n%s", name, diff)
		}
	}
	for name, no := range map[string]string{"null": "null", "another's id": `{"eni-1": {"ID": "eni-9"}}`, "nothing": `{"eni-1": null}`} {
		packed, err := pack([]byte(no))
		if err != nil {
			t.Fatal(err)
		}
		run(t, s, "UPDATE version_interfaces SET interfaces = ? WHERE version = 1", packed)
		if diff := cmp.Diff(want, spans(t, reader(t, data))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	run(t, s, "UPDATE version_interfaces SET interfaces = (SELECT interfaces FROM version_interfaces WHERE version = 1) WHERE version = 2")
	if got := spans(t, reader(t, data)); cmp.Equal(want, got) || strings.Contains(fmt.Sprint(got), "blue") {
		t.Errorf("what is kept is not asked: %v", got)
	}
}

// TestKeptBeside checks that nothing is kept, and all is told, while another writes or where
// nobody may write.
func TestKeptBeside(t *testing.T) {
	data := t.TempDir()
	s := create(t, data)
	mustImport(t, s, 10, interfaces(one, "eni-1 web 10.0.0.1")...)
	want := spans(t, s)
	run(t, s, "DELETE FROM version_interfaces")
	tx, err := s.db.BeginTx(t.Context(), nil) // it begins to write at once
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, spans(t, reader(t, data))); diff != "" {
		t.Errorf("while another writes (-want +got):\n%s", diff)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n := len(keptNow(t, s)); n != 0 {
		t.Errorf("%d are kept", n)
	}
}

// TestKeptProperty imports and removes at random, through two stores, and compares what either
// tells after each step with what the documents alone say.
func TestKeptProperty(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(6)) {
		r := rand.New(rand.NewPCG(seed, 21))
		data := t.TempDir()
		writer := create(t, data)
		mustImport(t, writer, 1000, interfaces(one, "eni-11 a 10.0.0.1")...)
		other := reader(t, data)
		for step := range 8 {
			if list := listed(t, writer); r.IntN(4) == 0 && len(list) > 1 {
				var id int64
				if _, err := fmt.Sscan(list[r.IntN(len(list))], &id); err != nil {
					t.Fatal(err)
				}
				if err := writer.Remove(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			} else {
				var list []string
				account := []string{one, two}[r.IntN(2)]
				for eni := range 3 {
					if r.IntN(4) > 0 {
						list = append(list, fmt.Sprintf("eni-%s%d n%d 10.0.0.%d", account[11:], eni, r.IntN(2), eni))
					}
				}
				mustImport(t, writer, r.IntN(20)*50+step, interfaces(account, list...)...) // two are never of one second
			}
			if n, versions := len(keptNow(t, writer)), len(listed(t, writer)); n > versions {
				t.Errorf("seed %d, step %d: %d are kept of %d versions", seed, step, n, versions)
			}
			got, err := other.Interfaces(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(keptNow(t, writer)) != len(listed(t, writer)) {
				t.Errorf("seed %d, step %d: not all is kept", seed, step)
			}
			run(t, writer, "DELETE FROM version_interfaces")
			want, err := writer.Interfaces(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, sameAddresses); diff != "" {
				t.Errorf("seed %d, step %d (-of documents +kept):\n%s", seed, step, diff)
			}
		}
	}
}

// TestInterfacesForm fails where what is kept of ENIs would be another for the same documents:
// then raise interfacesForm, and write here what is the case now.
func TestInterfacesForm(t *testing.T) {
	var members strings.Builder
	for _, of := range []reflect.Type{reflect.TypeFor[netmodel.Interface](), reflect.TypeFor[netmodel.ConnectionTracking]()} {
		for field := range of.Fields() {
			fmt.Fprintf(&members, "%s %s; ", field.Name, field.Type)
		}
	}
	const wantMembers = "ID string; Name string; VPC string; Subnet string; Account string; Region string; AZ string; " +
		"Description string; Status string; Type string; Requester string; Managed bool; Instance string; Primary bool; " +
		"Role netmodel.Role; Resource string; AttachedBy string; SourceDestCheck *bool; DenyInternetGateways bool; " +
		"ConnectionTracking netmodel.ConnectionTracking; Addresses []netip.Addr; Public map[netip.Addr]netip.Addr; " +
		"Prefixes []netip.Prefix; MAC string; Groups []string; TCPEstablished int; UDP int; UDPStream int; "
	if diff := cmp.Diff(wantMembers, members.String()); diff != "" {
		t.Errorf("the members of ENIs (-of form %d +now):\n%s", interfacesForm, diff)
	}
	root := sharedtest.Path(t, "data", "netdefs")
	sum, n := sha256.New(), 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: d.Name(), Data: text}})
		if err != nil || loaded.Network == nil || len(loaded.Interfaces) == 0 {
			return nil // no definition
		}
		n += len(loaded.Interfaces)
		written, err := json.Marshal(loaded.Interfaces)
		if err != nil {
			return err
		}
		var back map[string]*netmodel.Interface
		if err := json.Unmarshal(written, &back); err != nil {
			return err
		}
		if diff := cmp.Diff(loaded.Interfaces, back, sameAddresses); diff != "" {
			t.Errorf("%s, read again (-was +is):\n%s", path, diff)
		}
		sum.Write(written)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "83 e347c8ad59d10a87"
	if got := fmt.Sprint(n, " ", hex.EncodeToString(sum.Sum(nil)[:8])); got != want {
		t.Errorf("the ENIs of %s: %s, of form %d: %s", root, got, interfacesForm, want)
	}
}
