package diagnose

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNATFlow(t *testing.T) {
	const begin = -10_000
	out := func(first, last int64) NATRecord {
		return NATRecord{Outward: true, First: first, Last: last, Packets: 3}
	}
	in := func(first, last int64) NATRecord { return NATRecord{First: first, Last: last, Packets: 3} }
	lone := func(r NATRecord) NATRecord { r.Packets = 1; return r }
	opens := func(r NATRecord) NATRecord { r.Opens = true; return r }
	tests := []struct {
		name    string
		begin   int64
		lost    []TimeSpan
		records []NATRecord
		want    []Arrival // of those that come in, with their doubts
		doubts  []NATDoubt
	}{
		{name: "it left before", records: []NATRecord{out(0, 59), in(1, 59)}, want: []Arrival{NATReply}},
		{name: "both in one minute, in any order", records: []NATRecord{in(0, 59), out(30, 59)}, want: []Arrival{NATReply}},
		{name: "it left later", records: []NATRecord{in(0, 20), out(100, 159)}, want: []Arrival{NATUnsolicited}},
		{name: "nothing left", records: []NATRecord{in(0, 59)}, want: []Arrival{NATUnsolicited}},
		{name: "350 s idle", records: []NATRecord{out(0, 50), in(1, 50), in(351, 351)}, want: []Arrival{NATReply, NATReply}},
		{name: "351 s idle", records: []NATRecord{out(0, 50), in(1, 50), in(402, 402)}, want: []Arrival{NATReply, NATLate}},
		{name: "between first and last packet", records: []NATRecord{out(0, 50), in(380, 380)}, want: []Arrival{NATUndecided}, doubts: []NATDoubt{AtIdle}},
		{name: "a lone packet is as old as its start", records: []NATRecord{lone(out(0, 50)), in(380, 380)}, want: []Arrival{NATLate}},
		{name: "what comes in keeps it open", records: []NATRecord{out(0, 50), in(300, 340), in(600, 640), in(900, 940)}, want: []Arrival{NATReply, NATReply, NATReply}},
		{name: "a late one does not open it again", records: []NATRecord{out(0, 50), in(500, 510), in(600, 610)}, want: []Arrival{NATLate, NATLate}},
		{name: "used again", records: []NATRecord{out(0, 50), in(500, 510), out(1000, 1050), in(1001, 1050)}, want: []Arrival{NATLate, NATReply}},
		{
			name: "before the records", begin: -100, records: []NATRecord{in(0, 59), in(300, 359), in(650, 700), in(2000, 2001)},
			want: []Arrival{NATUnsolicited, NATUnsolicited, NATUnsolicited, NATUnsolicited}, doubts: []NATDoubt{AtBegin, AtBegin, AtBegin, NoDoubt},
		},
		{name: "a SYN answers nothing", begin: -100, records: []NATRecord{opens(in(0, 59))}, want: []Arrival{NATUnsolicited}},
		{
			name: "lost before it", lost: []TimeSpan{{-200, -141}}, records: []NATRecord{in(0, 59), in(3000, 3001)},
			want: []Arrival{NATUnsolicited, NATUnsolicited}, doubts: []NATDoubt{AtLost, NoDoubt},
		},
		{name: "lost between", lost: []TimeSpan{{100, 159}}, records: []NATRecord{out(0, 50), in(500, 510)}, want: []Arrival{NATUndecided}, doubts: []NATDoubt{AtLost}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.begin == 0 {
				tt.begin = begin
			}
			slices.SortStableFunc(tt.records, func(a, b NATRecord) int { return int(a.Order() - b.Order()) })
			f := NewNATFlow(tt.begin, tt.lost)
			var got []Arrival
			var doubts []NATDoubt
			for i := range tt.records {
				a, d := f.Next(&tt.records[i])
				if (a == "") != tt.records[i].Outward {
					t.Errorf("record %d is %q", i, a)
				}
				if a != "" {
					got, doubts = append(got, a), append(doubts, d)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if tt.doubts == nil {
				tt.doubts = make([]NATDoubt, len(doubts))
			}
			if diff := cmp.Diff(tt.doubts, doubts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNATOpens(t *testing.T) {
	tests := []struct {
		name                  string
		protocol, port, flags int64
		want                  bool
	}{
		{"SYN", 6, 3389, 2, true},
		{"SYN and FIN", 6, 3389, 3, true},
		{"SYN-ACK", 6, 3389, 18, false},
		{"RST", 6, 3389, 4, false},
		{"no flags", 6, 3389, -1, false},
		{"a port that is never given", 6, 22, -1, true},
		{"the first that is", 6, 1024, -1, false},
		{"UDP", 17, 53, -1, true},
		{"UDP to a port that is given", 17, 1024, -1, false},
		{"ICMP", 1, 0, -1, false},
	}
	for _, tt := range tests {
		if got := NATOpens(tt.protocol, tt.port, tt.flags); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestConcludeNAT(t *testing.T) {
	some := Tally{1, 40}
	tests := []struct {
		name               string
		unasked, undecided int64
		in                 NATInside
		want               NATOutcome
	}{
		{"nothing", 0, 0, NATInside{}, NATQuiet},
		{"perhaps something", 0, 2, NATInside{Interfaces: 1, Logged: 1}, NATUnclear},
		{"all logged", 2, 0, NATInside{Interfaces: 3, Logged: 3}, NATDropped},
		{"also contacted", 2, 0, NATInside{Interfaces: 3, Logged: 3, Replies: some}, NATDropped},
		{"some logged", 2, 0, NATInside{Interfaces: 3, Logged: 2}, NATCannotTell},
		{"none logged", 2, 0, NATInside{Interfaces: 3}, NATCannotTell},
		{"none known", 2, 0, NATInside{}, NATCannotTell},
		{"inside", 2, 0, NATInside{Interfaces: 3, Logged: 1, Reached: some}, NATReached},
		{"perhaps inside", 2, 0, NATInside{Interfaces: 3, Logged: 3, Undecided: some}, NATCannotTell},
		{"too many senders", 2, 0, NATInside{Interfaces: 3, Logged: 3, NotAsked: 1}, NATCannotTell},
		{"elsewhere", 2, 0, NATInside{Interfaces: 3, Logged: 3, Elsewhere: some}, NATDropped},
	}
	for _, tt := range tests {
		got, says := ConcludeNAT(tt.unasked, tt.undecided, &tt.in)
		if got != tt.want || says == "" {
			t.Errorf("%s: got %s: %s", tt.name, got, says)
		}
	}
}

func TestJoinOf(t *testing.T) {
	tests := []struct {
		clients, internet int64
		whole             bool
		want              Join
	}{
		{1, 2, true, JoinExact}, {2, 2, true, JoinInferred}, {1, 2, false, JoinInferred}, {1, 0, true, JoinNone},
	}
	for _, tt := range tests {
		if got := JoinOf(tt.clients, tt.internet, tt.whole); got != tt.want {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
}
