package versions

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

// interfaces is the definition of an account's ENIs, each as "id name address".
func interfaces(account string, list ...string) []netmodel.Document {
	var text strings.Builder
	text.WriteString(`{"NetworkInterfaces": [`)
	for n, i := range list {
		f := strings.Fields(i)
		if n > 0 {
			text.WriteString(",")
		}
		fmt.Fprintf(&text, `{"NetworkInterfaceId": %q, "OwnerId": %q, "VpcId": "vpc-1", "SubnetId": "subnet-1", "AvailabilityZone": "us-east-1a",
			"PrivateIpAddress": %q, "PrivateIpAddresses": [{"PrivateIpAddress": %q, "Primary": true}], "TagSet": [{"Key": "Name", "Value": %q}]}`, f[0], account, f[2], f[2], f[1])
	}
	vpc := fmt.Sprintf(`{"Vpcs": [{"VpcId": "vpc-of-%s", "OwnerId": %q, "CidrBlock": "10.0.0.0/16"}]}`, account[11:], account)
	return []netmodel.Document{
		{Name: "interfaces.json", Data: []byte(text.String() + "]}"), Account: account, Region: east},
		{Name: "vpcs.json", Data: []byte(vpc), Account: account, Region: east},
	}
}

// spans returns the spans as "id name from-to state", times in seconds since at(0); an end of
// which imports tell nothing but the microsecond after has a "+".
func spans(t *testing.T, s *Store) []string {
	t.Helper()
	list, err := s.Interfaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bound := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		text := fmt.Sprint(at.Unix() - 1_700_000_000)
		if at.Nanosecond() > 0 {
			text += "+"
		}
		return text
	}
	var out []string
	for _, i := range list {
		out = append(out, fmt.Sprintf("%s %s %s-%s %s", i.ID, i.Name, bound(i.From), bound(i.To), i.State))
	}
	return out
}

func TestInterfaces(t *testing.T) {
	type taken struct {
		at   int
		docs []netmodel.Document
	}
	for _, tt := range []struct {
		name string
		in   []taken
		want []string
	}{
		{"seen once", []taken{{10, interfaces(one, "eni-1 web 10.0.0.1")}}, []string{
			"eni-1 web -10 assumed unchanged", "eni-1 web 10-10+ unchanged", "eni-1 web 10+- latest",
		}},
		{"seen twice", []taken{{10, interfaces(one, "eni-1 web 10.0.0.1")}, {20, interfaces(one, "eni-1 web 10.0.0.1")}}, []string{
			"eni-1 web -10 assumed unchanged", "eni-1 web 10-20+ unchanged", "eni-1 web 20+- latest",
		}},
		{"renamed", []taken{{10, interfaces(one, "eni-1 web 10.0.0.1")}, {20, interfaces(one, "eni-1 db 10.0.0.1")}}, []string{
			"eni-1 web -10 assumed unchanged", "eni-1 web 10-10+ unchanged", "eni-1 web 10+-20 changed",
			"eni-1 db 20-20+ unchanged", "eni-1 db 20+- latest",
		}},
		{"another is renamed", []taken{{10, interfaces(one, "eni-1 web 10.0.0.1", "eni-2 a 10.0.0.2")}, {20, interfaces(one, "eni-1 web 10.0.0.1", "eni-2 b 10.0.0.2")}}, []string{
			"eni-1 web -10 assumed unchanged", "eni-1 web 10-20 unchanged", "eni-1 web 20-20+ unchanged", "eni-1 web 20+- latest",
			"eni-2 a -10 assumed unchanged", "eni-2 a 10-10+ unchanged", "eni-2 a 10+-20 changed", "eni-2 b 20-20+ unchanged", "eni-2 b 20+- latest",
		}},
		{"made and deleted", []taken{{10, interfaces(one, "eni-1 web 10.0.0.1")}, {20, interfaces(one, "eni-2 db 10.0.0.2")}}, []string{
			"eni-1 web -10 assumed unchanged", "eni-1 web 10-10+ unchanged", "eni-1 web 10+-20 changed",
			"eni-2 db 10+-20 changed", "eni-2 db 20-20+ unchanged", "eni-2 db 20+- latest",
		}},
		{"an address moved", []taken{{10, interfaces(one, "eni-1 web 10.0.0.1")}, {20, interfaces(one, "eni-1 web 10.0.0.9")}}, []string{
			"eni-1 web -10 assumed unchanged", "eni-1 web 10-10+ unchanged", "eni-1 web 10+-20 changed", "eni-1 web 20-20+ unchanged", "eni-1 web 20+- latest",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := create(t, t.TempDir())
			for _, in := range tt.in {
				mustImport(t, s, in.at, in.docs...)
			}
			if diff := cmp.Diff(tt.want, spans(t, s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoInterfaces(t *testing.T) {
	if _, err := create(t, t.TempDir()).Interfaces(t.Context()); !errors.Is(err, ErrNone) {
		t.Errorf("without any import: %v", err)
	}
}

// TestInterfacesAsAt compares the spans with what was in force at times, import by import.
func TestInterfacesAsAt(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(20)) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := create(t, t.TempDir())
		var moments []int
		for range 5 {
			second := r.IntN(100)
			var list []string
			for eni := range 4 {
				if r.IntN(4) > 0 {
					list = append(list, fmt.Sprintf("eni-%d n%d 10.0.0.%d", eni, r.IntN(2), eni))
				}
			}
			account := []string{one, two}[r.IntN(2)]
			for i := range list {
				list[i] = strings.Replace(list[i], "eni-", "eni-"+account[11:], 1)
			}
			if _, err := s.Import(t.Context(), interfaces(account, list...), at(second)); err != nil && !errors.Is(err, ErrTaken) {
				t.Fatal(err)
			}
			moments = append(moments, second, second-1, second+1)
		}
		told, err := s.Interfaces(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, second := range moments {
			d, err := s.At(t.Context(), at(second))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, span := range told {
				if (span.From.IsZero() || !at(second).Before(span.From)) && (span.To.IsZero() || at(second).Before(span.To)) {
					if _, twice := got[span.ID]; twice {
						t.Fatalf("seed %d: two spans of %s hold %d", seed, span.ID, second)
					}
					got[span.ID] = span.Name + " " + string(span.State)
				}
			}
			for _, in := range d.InForce {
				for id, i := range d.Interfaces {
					if i.Account != in.Account {
						continue
					}
					state, name := in.State, i.Name
					if state == StateImported || state == StateChanged && !differs(in, id) {
						state = StateUnchanged
					}
					if want := name + " " + string(state); got[id] != want {
						t.Errorf("seed %d, second %d, %s: told %q, in force %q", seed, second, id, got[id], want)
					}
					delete(got, id)
				}
			}
			for id, text := range got { // of the next version
				if !strings.HasSuffix(text, " "+string(StateChanged)) {
					t.Errorf("seed %d, second %d, %s: told %q, and not in force", seed, second, id, text)
				}
			}
		}
	}
}

// differs reports whether the next version tells something else of an ENI.
func differs(in InForce, id string) bool {
	return slices.Contains(in.Changed, id)
}

// TestInterfacesLife bounds what is told of ENIs by events that say when they came and went.
func TestInterfacesLife(t *testing.T) {
	with, without := interfaces(one, "eni-1 web 10.0.0.1", "eni-2 db 10.0.0.2"), interfaces(one, "eni-2 db 10.0.0.2")
	for _, tt := range []struct {
		name          string
		before, after []netmodel.Document
		calls         []string
		want          []string // of eni-1
	}{
		{"it came, and nobody knows when", without, with, nil, []string{"eni-1 web 10+-20 changed", "eni-1 web 20-20+ unchanged", "eni-1 web 20+- latest"}},
		{"it came", without, with, []string{"15" + eniComes}, []string{"eni-1 web 15-20 dated", "eni-1 web 20-20+ unchanged", "eni-1 web 20+- latest"}},
		{"it went", with, without, []string{"15" + eniGoes}, []string{"eni-1 web -10 assumed unchanged", "eni-1 web 10-10+ unchanged", "eni-1 web 10+-16 dated"}},
		{"it came before the first import", with, with, []string{"5" + eniComes}, []string{"eni-1 web 5-10 assumed unchanged", "eni-1 web 10-20+ unchanged", "eni-1 web 20+- latest"}},
		{"it went after the last import", with, with, []string{"25" + eniGoes}, []string{"eni-1 web -10 assumed unchanged", "eni-1 web 10-20+ unchanged", "eni-1 web 20+-26 latest"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := create(t, t.TempDir())
			if _, err := s.AddChanges(t.Context(), trail(t, tt.calls...)); err != nil {
				t.Fatal(err)
			}
			mustImport(t, s, 10, tt.before...)
			mustImport(t, s, 20, tt.after...)
			got := slices.DeleteFunc(spans(t, s), func(span string) bool { return !strings.HasPrefix(span, "eni-1 ") })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestStamp changes what versions and events tell: the stamp changes, and else it does not.
func TestStamp(t *testing.T) {
	s := create(t, t.TempDir())
	var seen []Stamp
	changed := func(what string, want bool) {
		t.Helper()
		now, err := s.Stamp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if is := !slices.Contains(seen, now); is != want {
			t.Errorf("%s: the stamp is %q after %q", what, now, seen)
		}
		seen = append(seen, now)
	}
	changed("nothing yet", true)
	mustImport(t, s, 10, interfaces(one, "eni-1 web 10.0.0.1")...)
	changed("an import", true)
	spans(t, s)
	changed("a question", false)
	mustImport(t, s, 20, interfaces(one, "eni-1 web 10.0.0.1")...)
	changed("the same seen again", true)
	if _, err := s.AddChanges(t.Context(), trail(t, "15"+eniComes)); err != nil {
		t.Fatal(err)
	}
	changed("an event", true)
	days(t, s, 5, 30, true)
	changed("a day of the trail", true)
	days(t, s, 6, 25, true)
	changed("what is known of it", false)
	if err := s.Remove(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	changed("a removal", true)
}
