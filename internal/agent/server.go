package agent

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics of an agent that has a server.
var (
	policyNow   = describe(prometheus.GaugeValue, "weir_agent_policy_generation", "Generation of the server's policy that is in force.")
	policySince = describe(prometheus.GaugeValue, "weir_agent_policy_timestamp_seconds", "When the policy that is in force came, in seconds since the epoch.")
	policyWrong = describe(prometheus.GaugeValue, "weir_agent_policy_refused", "1 where a newer policy can't be carried out.")
	serverHeard = describe(prometheus.GaugeValue, "weir_agent_server_heard_timestamp_seconds", "When the server last answered, in seconds since the epoch; 0: not since the agent began.")
)

// withServer is a collector of what an agent counts, and of what it has of its server where there is one.
type withServer struct {
	*Counters
	server func() ServerStatus
}

// Collect tells all.
func (c *withServer) Collect(to chan<- prometheus.Metric) {
	c.Counters.Collect(to)
	if c.server == nil {
		return
	}
	s := c.server()
	tell := func(of *series, v float64) { to <- prometheus.MustNewConstMetric(of.desc, of.kind, v) }
	tell(policyNow, float64(s.Generation))
	tell(policySince, seconds(s.Since))
	tell(serverHeard, seconds(s.Heard))
	refused := 0.0
	if s.Refused != "" {
		refused = 1
	}
	tell(policyWrong, refused)
}

// seconds returns a time in seconds since the epoch, 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// Line says in one line which policy is in force, and how old it is.
func (s *ServerStatus) Line(now time.Time) string {
	out := fmt.Sprintf("policy %d of %s, since %s", s.Generation, s.Server, ago(now, s.Since))
	switch {
	case s.Unheard != "" && s.Heard.IsZero():
		out += "; the server has not answered since the agent began: " + s.Unheard
	case s.Unheard != "":
		out += fmt.Sprintf("; the server last answered %s: %s", ago(now, s.Heard), s.Unheard)
	}
	return out
}

// ago says how long ago something was.
func ago(now, t time.Time) string {
	return max(now.Sub(t), 0).Round(time.Second).String() + " ago"
}
