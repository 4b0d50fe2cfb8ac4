package versions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

const (
	one, two = "111111111111", "222222222222"
	east     = "us-east-1"
)

// network is the definition of an account's VPC whose group lets in 10.N.0.0/16. Ids end in
// the account's last digit.
func network(account, region string, n int) []netmodel.Document {
	r := strings.NewReplacer("ACCOUNT", account, "REGION", region, "ID", account[11:]+region, "@", fmt.Sprint(n))
	return []netmodel.Document{
		{Name: account + region + "/subnets.json", Data: []byte(r.Replace(`{"Subnets": [{"SubnetId": "subnet-ID", "VpcId": "vpc-ID", "OwnerId": "ACCOUNT", "AvailabilityZone": "REGIONa", "CidrBlock": "10.0.1.0/24"}]}`))},
		{Name: account + region + "/vpcs.json", Data: []byte(r.Replace(`{"Vpcs": [{"VpcId": "vpc-ID", "OwnerId": "ACCOUNT", "CidrBlock": "10.0.0.0/16"}], "NetworkAcls": [{"NetworkAclId": "acl-ID", "VpcId": "vpc-ID", "OwnerId": "ACCOUNT"}]}`))},
		{Name: account + region + "/groups.json", Data: []byte(r.Replace(`{"SecurityGroups": [{"GroupId": "sg-ID", "VpcId": "vpc-ID", "OwnerId": "ACCOUNT",
			"IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.@.0.0/16"}]}]}]}`))},
	}
}

// number returns N of a network.
func number(t *testing.T, n *netmodel.Network, account, region string) int {
	t.Helper()
	g := n.SecurityGroups["sg-"+account[11:]+region]
	if g == nil {
		return -1
	}
	return int(g.Ingress[0].Peer.CIDR.Addr().As4()[1])
}

func create(t testing.TB, data string) *Store {
	t.Helper()
	s, err := Create(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func at(second int) time.Time { return time.Unix(1_700_000_000+int64(second), 0).UTC() }

func mustImport(t testing.TB, s *Store, second int, docs ...netmodel.Document) Imported {
	t.Helper()
	r, err := s.Import(t.Context(), docs, at(second))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// listed returns the versions as "id account region since-until imports".
func listed(t *testing.T, s *Store) []string {
	t.Helper()
	list, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprintf("%d %s %d-%d %d", v.ID, v.Place, int(v.Since.Sub(at(0)).Seconds()), int(v.Until.Sub(at(0)).Seconds()), v.Imports))
	}
	return out
}

func TestImport(t *testing.T) {
	s := create(t, t.TempDir())
	first := mustImport(t, s, 10, append(network(one, east, 1), network(two, east, 1)...)...)
	if len(first.Places) != 2 || first.Places[0].Same || first.Places[0].Before != nil {
		t.Errorf("the first import: %+v", first)
	}
	same := mustImport(t, s, 20, network(one, east, 1)...)
	if p := same.Places[0]; !p.Same || p.ID != 1 || len(p.Changes) > 0 {
		t.Errorf("the same again: %+v", p)
	}
	other := mustImport(t, s, 30, network(one, east, 2)[1:]...) // without subnets
	want := []netmodel.Change{
		{Kind: "subnets", ID: "subnet-1us-east-1", What: netmodel.Went},
		{Kind: "security groups", ID: "sg-1us-east-1", What: netmodel.Changed, Details: []netmodel.Detail{
			{Member: "ingress", Went: []string{"all 10.1.0.0/16"}, Came: []string{"all 10.2.0.0/16"}},
		}},
	}
	p := other.Places[0]
	if diff := cmp.Diff(want, p.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]netmodel.Count{{Kind: "subnets", N: 1}}, p.Gone); diff != "" {
		t.Errorf("gone (-want +got):\n%s", diff)
	}
	wantList := []string{"1 111111111111 us-east-1 10-20 2", "3 111111111111 us-east-1 30-30 1", "2 222222222222 us-east-1 10-10 1"}
	if diff := cmp.Diff(wantList, listed(t, s)); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	// Another account's is as it was.
	d, err := s.At(t.Context(), at(99))
	if err != nil || number(t, d.Network, one, east) != 2 || number(t, d.Network, two, east) != 1 {
		t.Errorf("%v, one %d, two %d", err, number(t, d.Network, one, east), number(t, d.Network, two, east))
	}
	if h := d.Holding("eni-none", "vpc-2us-east-1"); len(h) != 1 || h[0].ID != 2 {
		t.Errorf("the VPC is held by %+v", h)
	}
}

func TestStates(t *testing.T) {
	s := create(t, t.TempDir())
	for second, n := range map[int]int{10: 1, 20: 1, 30: 2} {
		mustImport(t, s, second, network(one, east, n)...)
	}
	for _, c := range []struct {
		second  int
		state   State
		number  int
		changed []string
	}{
		{5, StateAssumed, 1, nil},
		{10, StateImported, 1, nil},
		{15, StateUnchanged, 1, nil},
		{20, StateImported, 1, nil},
		{25, StateChanged, 1, []string{"sg-1us-east-1"}},
		{30, StateImported, 2, nil},
		{99, StateLatest, 2, nil},
	} {
		d, err := s.At(t.Context(), at(c.second))
		if err != nil {
			t.Fatal(err)
		}
		in := d.InForce[0]
		if in.State != c.state || number(t, d.Network, one, east) != c.number || !slices.Equal(in.Changed, c.changed) {
			t.Errorf("at %d: %s, %d, changed %v; want %s, %d, %v", c.second, in.State, number(t, d.Network, one, east), in.Changed, c.state, c.number, c.changed)
		}
	}
}

// TestCut checks imports of times between those that are there.
func TestCut(t *testing.T) {
	s := create(t, t.TempDir())
	for _, second := range []int{10, 20, 30, 40} {
		mustImport(t, s, second, network(one, east, 1)...)
	}
	if p := mustImport(t, s, 25, network(one, east, 2)...).Places[0]; p.ID != 2 || p.Again != 3 {
		t.Errorf("version %d, and then %d", p.ID, p.Again)
	}
	want := []string{"1 111111111111 us-east-1 10-20 2", "2 111111111111 us-east-1 25-25 1", "3 111111111111 us-east-1 30-40 2"}
	if diff := cmp.Diff(want, listed(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// What the next import found is its version, seen before.
	if p := mustImport(t, s, 5, network(one, east, 1)...).Places[0]; p.ID != 1 || !p.Same {
		t.Errorf("before the first: %+v", p)
	}
	if p := mustImport(t, s, 28, network(one, east, 1)...).Places[0]; p.ID != 3 || !p.Same {
		t.Errorf("before the third: %+v", p)
	}
	if _, err := s.Import(t.Context(), network(one, east, 3), at(25)); !errors.Is(err, ErrTaken) {
		t.Errorf("of the same time: %v", err)
	}
	if p := mustImport(t, s, 25, network(one, east, 2)...).Places[0]; p.ID != 2 || p.Imports != 1 {
		t.Errorf("the same of the same time: %+v", p)
	}
}

func TestRemove(t *testing.T) {
	s := create(t, t.TempDir())
	mustImport(t, s, 10, network(one, east, 1)...)
	mustImport(t, s, 20, network(one, east, 2)...)
	if err := s.Remove(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), 2); !errors.Is(err, ErrNoVersion) {
		t.Errorf("twice: %v", err)
	}
	if p := mustImport(t, s, 20, network(one, east, 2)...).Places[0]; p.ID != 3 {
		t.Errorf("the id %d is used again", p.ID)
	}
	if err := errors.Join(s.Remove(t.Context(), 1), s.Remove(t.Context(), 3)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.At(t.Context(), at(20)); !errors.Is(err, ErrNone) {
		t.Errorf("nothing is left: %v", err)
	}
	var documents int
	if err := s.db.QueryRowContext(t.Context(), "SELECT count(*) FROM documents").Scan(&documents); err != nil || documents != 0 {
		t.Errorf("%d documents are left: %v", documents, err)
	}
}

func TestRefused(t *testing.T) {
	data := t.TempDir()
	if _, err := Open(t.Context(), data); !errors.Is(err, ErrNone) {
		t.Errorf("no store: %v", err)
	}
	s := create(t, data)
	docs := network(one, east, 1)
	bad := netmodel.Document{Name: "bad.json", Data: []byte(`{"SecurityGroups": [{"GroupId": "sg-x", "IpPermissions": [{"IpProtocol": "tpc"}]}]}`)}
	for _, c := range []struct {
		name string
		docs []netmodel.Document
		want string
	}{
		{"nothing", nil, "no network definition: the documents hold nothing"},
		{"only what is bad", []netmodel.Document{bad}, `no network definition could be read: bad.json: SecurityGroups[0].IpPermissions[0].IpProtocol: "tpc" is no protocol: tcp, udp, icmp, icmpv6, a number, or -1 for all`},
		{"no region", docs[1:2], one + east + "/vpcs.json: NetworkAcls[0]: nothing says the region of acl-1us-east-1"},
		{"of two times", append(slices.Clone(docs), network(one, east, 2)[2]), one + east + "/groups.json: SecurityGroups[0]: sg-1us-east-1 is not as in another file; " + netmodel.ErrContradiction.Error()},
	} {
		if _, err := s.Import(t.Context(), c.docs, at(1)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if list := listed(t, s); len(list) > 0 {
		t.Errorf("refused imports left %v", list)
	}
	// What is good beside a bad one is taken.
	r := mustImport(t, s, 1, append(docs, bad)...)
	if len(r.Problems) != 1 || len(r.Places) != 1 {
		t.Errorf("%+v", r)
	}
	// Another account that says to own the same things, otherwise, can't be.
	text := strings.NewReplacer(`"OwnerId": "`+one, `"OwnerId": "`+two, "10.3", "10.4")
	stolen := network(one, east, 3)
	for i := range stolen {
		stolen[i].Data = []byte(text.Replace(string(stolen[i].Data)))
	}
	if _, err := s.Import(t.Context(), stolen, at(2)); !errors.Is(err, netmodel.ErrContradiction) {
		t.Errorf("the same things of another owner: %v", err)
	}
	if list := listed(t, s); len(list) != 1 {
		t.Errorf("it left %v", list)
	}
}

// TestDamaged checks that a document that is not as it was imported is refused, and a
// database of a newer weir.
func TestDamaged(t *testing.T) {
	data := t.TempDir()
	s := create(t, data)
	mustImport(t, s, 10, network(one, east, 1)...)
	if _, err := s.db.ExecContext(t.Context(), "UPDATE documents SET text = (SELECT max(text) FROM documents)"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.At(t.Context(), at(10)); err == nil || !strings.Contains(err.Error(), "of version 1 is damaged: it is not what was imported") {
		t.Errorf("a document that is another: %v", err)
	}
	if _, err := s.db.ExecContext(t.Context(), "UPDATE documents SET text = x'00'"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.At(t.Context(), at(10)); err == nil || !strings.Contains(err.Error(), "of version 1 is damaged") {
		t.Errorf("a document that is none: %v", err)
	}
	if _, err := s.db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(context.Context, string) (*Store, error){"Open": Open, "Create": Create} {
		if _, err := open(t.Context(), data); err == nil || !strings.Contains(err.Error(), "are of a newer weir: they have form 99, and this weir knows 4") {
			t.Errorf("%s of a newer weir's: %v", name, err)
		}
	}
}

// TestShared checks that a subnet that two accounts see is as its owner sees it.
func TestShared(t *testing.T) {
	s := create(t, t.TempDir())
	seen := []netmodel.Document{{
		Name: "subnets.json", Account: two, Region: east,
		Data: []byte(`{"Subnets": [{"SubnetId": "subnet-1us-east-1", "VpcId": "vpc-1us-east-1", "OwnerId": "111111111111", "AvailabilityZone": "us-east-1a", "CidrBlock": "10.0.9.0/24"}]}`),
	}}
	mustImport(t, s, 10, seen...)
	mustImport(t, s, 5, network(one, east, 1)...)
	d, err := s.At(t.Context(), at(10))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Subnets["subnet-1us-east-1"].CIDRs[0].String(); got != "10.0.1.0/24" {
		t.Errorf("the subnet is %s", got)
	}
	if number(t, d.Network, one, east) != 1 {
		t.Error("what two sees replaced what one has")
	}
}

// TestProperty imports at random and compares with a plain list of what was seen when.
func TestProperty(t *testing.T) {
	type place struct{ account, region string }
	places := []place{{one, east}, {two, east}, {one, "eu-west-1"}}
	for seed := range sharedtest.Rounds(uint64(12)) {
		random := rand.New(rand.NewPCG(seed, 4))
		s := create(t, t.TempDir())
		seen := map[place]map[int]int{}
		lastID := int64(0)
		for range 25 {
			second := random.IntN(20)
			var docs []netmodel.Document
			chosen := map[place]int{}
			for _, p := range places {
				if random.IntN(2) == 0 {
					chosen[p] = random.IntN(3)
					docs = append(docs, network(p.account, p.region, chosen[p])...)
				}
			}
			if len(docs) == 0 {
				continue
			}
			taken := false
			for p, n := range chosen {
				was, ok := seen[p][second]
				taken = taken || ok && was != n
			}
			r, err := s.Import(t.Context(), docs, at(second))
			if errors.Is(err, ErrTaken) != taken || err != nil && !taken {
				t.Fatalf("seed %d: %v, want taken %v", seed, err, taken)
			}
			if taken {
				continue
			}
			for p, n := range chosen {
				if seen[p] == nil {
					seen[p] = map[int]int{}
				}
				seen[p][second] = n
			}
			for _, p := range r.Places {
				if !p.Same && p.ID <= lastID {
					t.Fatalf("seed %d: id %d after %d", seed, p.ID, lastID)
				}
				lastID = max(lastID, p.ID, p.Again)
			}
		}
		for second := -1; second <= 20; second++ {
			d, err := s.At(t.Context(), at(second))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range places {
				times := slices.Sorted(maps.Keys(seen[p]))
				want, state := -1, State("")
				for _, s := range times {
					if s <= second {
						want = seen[p][s]
						state = StateLatest
					}
				}
				next := slices.IndexFunc(times, func(s int) bool { return s > second })
				switch {
				case len(times) == 0:
				case state == "":
					want, state = seen[p][times[0]], StateAssumed
				case slices.Contains(times, second):
					state = StateImported
				case next >= 0 && seen[p][times[next]] == want:
					state = StateUnchanged
				case next >= 0:
					state = StateChanged
				}
				if got := number(t, d.Network, p.account, p.region); got != want {
					t.Errorf("seed %d: at %d %v is %d, want %d (%v)", seed, second, p, got, want, seen[p])
				}
				got := State("")
				for _, in := range d.InForce {
					if in.Account == p.account && in.Region == p.region {
						got = in.State
					}
				}
				if got != state {
					t.Errorf("seed %d: at %d %v is %q, want %q (%v)", seed, second, p, got, state, seen[p])
				}
			}
		}
		var times []time.Time
		for second := -1; second <= 20; second += 3 {
			times = append(times, at(second), at(second).Add(time.Millisecond))
		}
		checkMarks(t, s, times...)
		// A version's imports have no other's between them, and versions follow one another.
		list, err := s.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(list); i++ {
			if list[i].Place == list[i-1].Place && !list[i].Since.After(list[i-1].Until) {
				t.Errorf("seed %d: versions %d and %d overlap", seed, list[i-1].ID, list[i].ID)
			}
		}
	}
}

// TestConcurrent imports from two stores, while another reads: it always sees whole imports.
func TestConcurrent(t *testing.T) {
	data := t.TempDir()
	both := func(n int) []netmodel.Document { return append(network(one, east, n), network(two, east, n)...) }
	mustImport(t, create(t, data), 0, both(0)...)
	ctx, stop := context.WithCancel(t.Context())
	errs := make(chan error, 2)
	for w := range 2 {
		s := create(t, data)
		go func() {
			for i := range 20 {
				if _, err := s.Import(t.Context(), both(2*i+w), at(1+2*i+w)); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	reader, err := Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	read := make(chan int)
	go func() {
		n := 0
		for ; ctx.Err() == nil; n++ {
			d, err := reader.At(t.Context(), at(1000))
			if err != nil {
				t.Error(err)
				break
			}
			if a, b := number(t, d.Network, one, east), number(t, d.Network, two, east); a != b {
				t.Errorf("one is %d, two %d", a, b)
			}
		}
		read <- n
	}()
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	stop()
	if n := <-read; n == 0 {
		t.Error("nothing was read")
	}
	if list := listed(t, create(t, data)); len(list) != 2*40 { // each import's but the first, which found what was there
		t.Errorf("%d versions, want 80", len(list))
	}
}
