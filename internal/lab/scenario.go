package lab

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"strings"
)

// A Scenario is a case that a lab shows: traffic, a question about it, and the answer.
type Scenario struct {
	// Name is the file's.
	Name string `yaml:"-" json:"name"`
	// File is the file of one's own; "": it is of those that weir has, for its default lab.
	File string `yaml:"-" json:"file,omitempty"`
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
	// FlowLogs are some of its own, by id, that there are while it runs. Where there are any, its questions are SQL, and about their records and no others.
	FlowLogs map[string]OwnFlowLog `yaml:"flow-logs" json:"flow_logs,omitempty"`
	// Windows is how many windows more have to be over than that with the last packet.
	Windows int `yaml:"windows" json:"windows,omitempty"`
	text    yamlText
}

// misplaced is what is wrong with something of a scenario's file, and what leads to it.
type misplaced struct {
	path []any
	error
}

func (m *misplaced) Unwrap() error { return m.error }

// refuse says what is wrong with a scenario, and where in its file. The error is [ErrScenario].
func (s *Scenario) refuse(path []any, err error) error {
	if m, ok := errors.AsType[*misplaced](err); ok {
		path = m.path
	}
	where := s.text.place(path...)
	if s.text.name == "" {
		where = s.Name
	}
	return fmt.Errorf("%w: %s: %s", ErrScenario, where, strings.ReplaceAll(err.Error(), ErrScenario.Error()+": ", ""))
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
	// UDP is a port that a datagram is sent to, in their place.
	UDP uint16 `yaml:"udp" json:"udp,omitempty"`
	// Then is what has to become of it; "" where it changes the lab.
	Then string `yaml:"then" json:"then,omitempty"`
	// IPv6 says that it goes from and to IPv6 addresses. Address is which private address of To is meant, its first one if nothing is said.
	IPv6    bool   `yaml:"ipv6" json:"ipv6,omitempty"`
	Address string `yaml:"address" json:"address,omitempty"`
	// Times is how often it is sent, all at once and each from a port of its own; 0: once. The first is from SourcePort and the next ones from those behind it; 0: from
	// any that the kernel has.
	Times      int    `yaml:"times" json:"times,omitempty"`
	SourcePort uint16 `yaml:"source-port" json:"source_port,omitempty"`
	// Keep names the connection, which stays open then; On is the name of one that a line is sent on, and an answer waited for.
	Keep string `yaml:"keep" json:"keep,omitempty"`
	On   string `yaml:"on" json:"on,omitempty"`
	// Stop and Start are a host of which what is at port TCP or UDP does not answer any more, and answers again. The kernel refuses then, and with Silent drops.
	Stop   string `yaml:"stop" json:"stop,omitempty"`
	Start  string `yaml:"start" json:"start,omitempty"`
	Silent bool   `yaml:"silent" json:"silent,omitempty"`
	// Change is of the lab's definition and its agent. All changes are taken back at the scenario's end.
	Change *Change `yaml:"change" json:"change,omitempty"`
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

// ParseScenario reads a scenario of some name, which errors have. They are [ErrScenario].
func ParseScenario(name string, data []byte) (*Scenario, error) {
	s := &Scenario{}
	if err := decode(name, data, s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScenario, err)
	}
	s.Name, s.text = name, yamlText{name, data}
	if s.Shows == "" || len(s.Traffic) == 0 || len(s.Questions()) == 0 {
		return nil, s.refuse(nil, errors.New("it takes shows, traffic and question (or ask)"))
	}
	for _, check := range []func() error{s.checkAsked, s.checkTraffic, s.checkFlowLogs} {
		if err := check(); err != nil {
			return nil, s.refuse(nil, err)
		}
	}
	return s, nil
}
