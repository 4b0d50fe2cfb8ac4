package lab

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Scenario is a case that a lab shows: traffic, a question about it, and the answer.
type Scenario struct {
	// Name is the file's.
	Name string `yaml:"-" json:"name"`
	// Shows says what it shows, and Statements which statements of the document that is (D1 to D23).
	Shows      string   `yaml:"shows" json:"shows"`
	Statements []string `yaml:"statements" json:"statements"`
	Traffic    []Step   `yaml:"traffic" json:"traffic"`
	// Question is SQL, as weir query takes it. Answer are the rows, each value as text, "-" where there is none.
	Question string     `yaml:"question" json:"question"`
	Answer   [][]string `yaml:"answer" json:"answer"`
	// Ask are further questions, or all of them: those without an answer of their own must have the scenario's.
	Ask []Question `yaml:"ask" json:"ask,omitempty"`
	// Before are commands of weir, each as its words, that are run before the traffic is sent, and After those that take away what these made, whatever has become of it.
	Before [][]string `yaml:"before" json:"before,omitempty"`
	After  [][]string `yaml:"after" json:"after,omitempty"`
	// Needs are what not each lab has: "s3".
	Needs []string `yaml:"needs" json:"needs,omitempty"`
}

// What becomes of a step, as who sends sees it.
const (
	Answered = "answer"  // the other side has answered
	Refused  = "refused" // the other side has said that it refuses (RST)
	Nothing  = "nothing" // nothing came back
)

// A Step is something that is sent.
type Step struct {
	From string `yaml:"from" json:"from"`
	To   string `yaml:"to" json:"to"`
	// TCP is a port to connect to, or Ping says that it is an ICMP echo.
	TCP  uint16 `yaml:"tcp" json:"tcp,omitempty"`
	Ping bool   `yaml:"ping" json:"ping,omitempty"`
	// Speech is a protocol to speak in their place.
	Speech `yaml:",inline"`
	// Then is what has to become of it.
	Then string `yaml:"then" json:"then"`
	// IPv6 says that it goes from and to IPv6 addresses. Address is which private address of To is meant, its first one if nothing is said.
	IPv6    bool   `yaml:"ipv6" json:"ipv6,omitempty"`
	Address string `yaml:"address" json:"address,omitempty"`
	// Times is how often it is sent, several at a time; 0: once.
	Times int `yaml:"times" json:"times,omitempty"`
}

// single reports whether a step is one thing that is sent.
func (s *Step) single() bool {
	n := len(s.protocols())
	if s.TCP != 0 {
		n++
	}
	if s.Ping {
		n++
	}
	return n == 1
}

// String returns a step as people write it.
func (s Step) String() string {
	what, to := fmt.Sprintf("tcp:%d", s.TCP), s.To
	if spoken := s.protocols(); len(spoken) > 0 {
		what = fmt.Sprintf("%s:%d", spoken[0].name, spoken[0].port)
	}
	if s.Ping {
		what = "ping"
	}
	if s.IPv6 {
		what += " over IPv6"
	}
	if s.Address != "" {
		to += " at " + s.Address
	}
	if s.Times > 1 {
		what = fmt.Sprintf("%d times %s", s.Times, what)
	}
	return fmt.Sprintf("%s from %s to %s", what, s.From, to)
}

//go:embed scenarios/*.yaml
var scenarioFiles embed.FS

// Scenarios returns those of the default lab, by name.
func Scenarios() ([]Scenario, error) {
	entries, err := scenarioFiles.ReadDir("scenarios")
	if err != nil {
		return nil, err
	}
	var out []Scenario
	for _, e := range entries {
		data, err := scenarioFiles.ReadFile(path.Join("scenarios", e.Name()))
		if err != nil {
			return nil, err
		}
		s, err := ParseScenario(strings.TrimSuffix(e.Name(), ".yaml"), data)
		if err != nil {
			return nil, err
		}
		out = append(out, *s)
	}
	return out, nil
}

// ParseScenario reads a scenario. The errors are [ErrScenario].
func ParseScenario(name string, data []byte) (*Scenario, error) {
	s := &Scenario{}
	if err := decode(name, data, s); err != nil {
		return nil, errors.Join(ErrScenario, err)
	}
	s.Name = name
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", ErrScenario, name, fmt.Sprintf(format, args...))
	}
	if s.Shows == "" || len(s.Traffic) == 0 || len(s.Questions()) == 0 {
		return nil, bad("it takes shows, traffic and question")
	}
	if why := s.checkAsked(); why != "" {
		return nil, bad("%s", why)
	}
	for _, step := range s.Traffic {
		if !step.single() {
			return nil, bad("a step is one of tcp, ping, http, postgres, redis and rdp")
		}
		if step.Times < 0 || step.Times > mostTimes {
			return nil, bad("%s: times is %d, and not from 1 to %d", step, step.Times, mostTimes)
		}
		if step.HTTP != 0 && isStatus(step.Then) {
			continue
		}
		if !slices.Contains([]string{Answered, Refused, Nothing}, step.Then) || step.HTTP != 0 && step.Then == Answered {
			return nil, bad("%s: then is %q, and none of %s, %s, %s; of http it is a status in place of the first", step, step.Then, Answered, Refused, Nothing)
		}
	}
	return s, nil
}

// Choose returns the scenarios of some names, in order.
func Choose(all []Scenario, names []string) ([]Scenario, error) {
	var out []Scenario
	for _, name := range names {
		at := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
		if at < 0 {
			known := make([]string, len(all))
			for i, s := range all {
				known[i] = s.Name
			}
			return nil, fmt.Errorf("%w %s; there are %s", ErrScenario, name, strings.Join(known, ", "))
		}
		out = append(out, all[at])
	}
	return out, nil
}
