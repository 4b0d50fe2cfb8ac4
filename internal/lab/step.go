package lab

import (
	"fmt"
	"slices"
)

// mostTimes bounds how often a step is sent: all of them are sent at once.
const mostTimes = 1000

// ways are what a step may be, by its key, in the order in which they are told.
const ways = "tcp, udp, ping, http, postgres, redis, rdp, on, stop, start, change"

// check returns what is wrong with a step in itself.
func (s *Step) check() error {
	count := 0
	for _, is := range []bool{s.Sends(), s.On != "", s.Stop != "", s.Start != "", s.Change != nil} {
		if is {
			count++
		}
	}
	port := s.TCP != 0 || s.UDP != 0
	switch {
	case s.Sends() && (s.From == "" || s.To == "") && count == 1:
		return fmt.Errorf("%s: it takes from and to", s)
	case count != 1 || s.kinds() > 1 || s.kinds() > 0 && (s.On != "" || s.Change != nil):
		return fmt.Errorf("a step is one of %s", ways)
	case (s.Stop != "" || s.Start != "") && !port:
		return fmt.Errorf("%s: it takes tcp or udp", s)
	case s.Silent && s.Stop == "":
		return fmt.Errorf("%s: silent is of stop", s)
	case s.Keep != "" && (s.TCP == 0 || !s.Sends() || s.Times > 1 || s.Then != Answered):
		return fmt.Errorf("%s: keep is of one tcp connection that is answered", s)
	case s.SourcePort != 0 && (!s.Sends() || s.Ping):
		return fmt.Errorf("%s: source-port is of what has ports", s)
	case s.Times < 0 || s.Times > mostTimes || int(s.SourcePort)+s.Times > 1<<16:
		return fmt.Errorf("%s: times is at most %d, and as many as there are ports from source-port on", s, mostTimes)
	case s.Times != 0 && (!s.Sends() || s.Ping):
		return fmt.Errorf("%s: times is of what has ports", s)
	case !s.Sends() && (s.From != "" || s.To != "" || s.IPv6 || s.Address != ""):
		return fmt.Errorf("%s: from, to, ipv6 and address are of what is sent", s)
	}
	if err := s.checkThen(); err != nil || s.Change == nil {
		return err
	}
	return s.Change.check()
}

// checkThen returns what is wrong with what has to become of a step.
func (s *Step) checkThen() error {
	switch {
	case s.changes() && s.Then != "":
		return fmt.Errorf("%s: nothing becomes of it, so that it takes no then", s)
	case s.changes(), s.HTTP != 0 && isStatus(s.Then):
		return nil
	case !slices.Contains([]string{Answered, Refused, Nothing}, s.Then) || s.HTTP != 0 && s.Then == Answered:
		return fmt.Errorf("%s: then is %q, and none of %s, %s, %s; of http it is a status in place of the first", s, s.Then, Answered, Refused, Nothing)
	}
	return nil
}

// kinds counts what a step says is sent.
func (s *Step) kinds() int {
	n := len(s.protocols())
	for _, is := range []bool{s.TCP != 0, s.UDP != 0, s.Ping} {
		if is {
			n++
		}
	}
	return n
}

// Sends reports whether a step sends something from one host to another.
func (s *Step) Sends() bool {
	return s.Stop == "" && s.Start == "" && s.Change == nil && s.On == "" && s.kinds() > 0
}

// changes reports whether a step changes the lab, so that others must not run beside it.
func (s *Step) changes() bool { return s.Stop != "" || s.Start != "" || s.Change != nil }

// String returns a step as people write it.
func (s Step) String() string {
	switch {
	case s.Change != nil:
		return "change: " + s.Change.What
	case s.On != "":
		return "again on connection " + s.On
	case s.Stop != "" && s.Silent:
		return fmt.Sprintf("stop %s of %s, and have nobody say so", s.port(), s.Stop)
	case s.Stop != "":
		return fmt.Sprintf("stop %s of %s", s.port(), s.Stop)
	case s.Start != "":
		return fmt.Sprintf("start %s of %s", s.port(), s.Start)
	}
	what, to := s.port(), s.To
	if s.IPv6 {
		what += " over IPv6"
	}
	if s.Address != "" {
		to += " at " + s.Address
	}
	if s.Times > 1 {
		what = fmt.Sprintf("%d times %s", s.Times, what)
	}
	text := fmt.Sprintf("%s from %s to %s", what, s.From, to)
	if s.SourcePort != 0 {
		text += fmt.Sprintf(", from port %d", s.SourcePort)
	}
	if s.Keep != "" {
		text += ", kept open as " + s.Keep
	}
	return text
}

// port is what a step is sent to, with its protocol.
func (s *Step) port() string {
	if spoken := s.protocols(); len(spoken) > 0 {
		return fmt.Sprintf("%s:%d", spoken[0].name, spoken[0].port)
	}
	switch {
	case s.Ping:
		return "ping"
	case s.UDP != 0:
		return fmt.Sprintf("udp:%d", s.UDP)
	}
	return fmt.Sprintf("tcp:%d", s.TCP)
}

// changes reports whether a scenario changes the lab.
func (s *Scenario) changes() bool {
	return slices.ContainsFunc(s.Traffic, func(step Step) bool { return step.changes() })
}

// checkTraffic returns what is wrong with the steps of a scenario: connections are kept once, and before they are used.
func (s *Scenario) checkTraffic() error {
	kept := map[string]bool{}
	for i := range s.Traffic {
		step := &s.Traffic[i]
		err := step.check()
		switch {
		case err != nil:
		case step.On != "" && !kept[step.On]:
			err = fmt.Errorf("%s: no step before it keeps one of that name", step)
		case step.Keep != "" && kept[step.Keep]:
			err = fmt.Errorf("%s: there is one of that name", step)
		}
		if err != nil {
			return &misplaced{[]any{"traffic", i}, err}
		}
		kept[step.Keep] = true
	}
	return nil
}
