package diagnose

import (
	"net/netip"
)

// Service is a protocol and the port that connections go to.
type Service struct {
	Protocol int `json:"protocol"`
	Port     int `json:"port"`
}

// LoginService is a service that people or programs log in to, so that who tries often may be
// guessing.
type LoginService struct {
	Service
	// Programs says that applications log in there by themselves, again and again, so that
	// only sources outside of private networks are taken for guessing.
	Programs bool
}

// LoginServices are the services of which many attempts are brute force: those that give a
// shell, a desktop or a share, and databases and the like, whose passwords are guessed too.
var LoginServices = []LoginService{
	{Service{6, 21}, false},
	{Service{6, 22}, false},
	{Service{6, 23}, false},
	{Service{6, 512}, false},
	{Service{6, 513}, false},
	{Service{6, 514}, false},
	{Service{6, 2222}, false},
	{Service{6, 2323}, false},
	{Service{6, 3389}, false},
	{Service{6, 5900}, false},
	{Service{6, 5901}, false},
	{Service{6, 5985}, false},
	{Service{6, 5986}, false},
	{Service{6, 110}, true},
	{Service{6, 135}, true},
	{Service{6, 139}, true},
	{Service{6, 143}, true},
	{Service{6, 389}, true},
	{Service{6, 445}, true},
	{Service{6, 465}, true},
	{Service{6, 587}, true},
	{Service{6, 636}, true},
	{Service{6, 993}, true},
	{Service{6, 995}, true},
	{Service{6, 1433}, true},
	{Service{6, 1521}, true},
	{Service{6, 2375}, true},
	{Service{6, 2376}, true},
	{Service{6, 3306}, true},
	{Service{6, 5432}, true},
	{Service{6, 5060}, true},
	{Service{17, 5060}, true},
	{Service{6, 6379}, true},
	{Service{6, 6443}, true},
	{Service{6, 9200}, true},
	{Service{6, 10250}, true},
	{Service{6, 11211}, true},
	{Service{6, 27017}, true},
	{Service{17, 161}, true},
}

// login reports whether many attempts of a source at a service are brute force.
func (s Service) login(source netip.Addr) bool {
	for _, l := range LoginServices {
		if l.Service == s {
			return !l.Programs || outside(source)
		}
	}
	return false
}

// sharedSpace is behind carriers' translation.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// outside reports whether an address is of no private network.
func outside(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !sharedSpace.Contains(a)
}

// Fates count attempts by what became of them. Each attempt is in one of them.
type Fates struct {
	Attempts int64 `json:"attempts"`
	// Refused are those that a security group or a network ACL refused, and ReplyRefused those
	// that were accepted and whose reply was refused.
	Refused      int64 `json:"refused"`
	ReplyRefused int64 `json:"reply_refused"`
	// Unanswered were accepted and not answered, Reset answered by RST alone, and Answered
	// answered.
	Unanswered int64 `json:"unanswered"`
	Reset      int64 `json:"reset"`
	Answered   int64 `json:"answered"`
	// Unknown were accepted; what was answered is not in the records.
	Unknown int64 `json:"unknown"`
}

// Accepted returns how many were let in.
func (f *Fates) Accepted() int64 { return f.Attempts - f.Refused }

// failed reports whether the attempts came to nothing.
func (f *Fates) failed() bool {
	return f.Answered == 0 && f.Refused+f.ReplyRefused+f.Unanswered+f.Reset > 0
}

// add adds others.
func (f *Fates) add(o *Fates) {
	f.Attempts += o.Attempts
	f.Refused += o.Refused
	f.ReplyRefused += o.ReplyRefused
	f.Unanswered += o.Unanswered
	f.Reset += o.Reset
	f.Answered += o.Answered
	f.Unknown += o.Unknown
}

// Volume is how much attempts moved, and when.
type Volume struct {
	// Bytes are those of both ways, MostBytes those of the client port that moved most in an
	// hour, and Longest the seconds between its first and last record of the one that stayed
	// longest.
	Bytes     int64 `json:"bytes"`
	MostBytes int64 `json:"most_bytes"`
	Longest   int64 `json:"longest_seconds"`
	// First and Last are the first start and the last end, in seconds since the epoch.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

func (v *Volume) add(o *Volume) {
	if v.First == 0 || o.First < v.First {
		v.First = o.First
	}
	v.Last = max(v.Last, o.Last)
	v.Bytes += o.Bytes
	v.MostBytes = max(v.MostBytes, o.MostBytes)
	v.Longest = max(v.Longest, o.Longest)
}

// Attempts are the connection attempts of one source at one service of one host in an hour.
type Attempts struct {
	Source, Host netip.Addr
	Service
	Hour int64 // its number since the epoch
	Fates
	Volume
	// Guessed says that who began, or what an answer was, is guessed, since the records have
	// no tcp-flags.
	Guessed bool
	Sighting
}

// Sighting is the record that shows attempts best: one that was accepted before others, the
// newest of these.
type Sighting struct {
	Interface string `json:"interface"`
	// Direction is ingress, egress or undecided (weir-direction).
	Direction string `json:"direction"`
	Action    string `json:"action"`
	// ClientPort is the port that it came from, -1 where there is none.
	ClientPort int   `json:"client_port"`
	End        int64 `json:"end"` // seconds since the epoch
}

// better reports whether a sighting shows more than another.
func (s *Sighting) better(o *Sighting) bool {
	if s.Action != o.Action {
		return s.Action == "ACCEPT" || o.Action == ""
	}
	if in := s.Direction == "ingress"; in != (o.Direction == "ingress") {
		return in
	}
	return s.End > o.End
}
