package config

import "testing"

func TestServer(t *testing.T) {
	c, err := Read("/etc/weir/agent.yaml", []byte("server: https://weir:8789\nstate: state\nbuckets: /srv/buckets\ninterfaces: [{device: eth0}]\n"))
	if err != nil || c.Server != "https://weir:8789" || c.State != "/etc/weir/state" || c.Buckets != "/srv/buckets" || c.FlowLogs != nil {
		t.Errorf("%+v: %v", c, err)
	}
	for text, want := range map[string]string{
		"server: https://weir:8789\ninterfaces: []\nnetwork: net.yaml\n": "a.yaml:3:1: the server says the network and the flow logs: leave out network, or server",
		"server: https://weir:8789\ninterfaces: []\nflow-logs: {}\n":     "a.yaml:3:1: the server says the network and the flow logs: leave out flow-logs, or server",
		"network: n\nflow-logs: {}\ninterfaces: []\nbuckets: b\n":        "a.yaml:4:1: buckets is of an agent that has a server",
		"network: n\ninterfaces: []\n":                                   "a.yaml:1:1: no flow-logs",
		"server: http://weir\ninterfaces: []\n":                          `a.yaml:1:9: "http://weir" is no address of a server, such as https://weir.example.net:8789`,
		"server: https://weir:8789/x\ninterfaces: []\n":                  `a.yaml:1:9: "https://weir:8789/x" is no address of a server, such as https://weir.example.net:8789`,
		"server: https://weir:8789\n":                                    "a.yaml:1:1: no interfaces",
	} {
		if _, err := Read("a.yaml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
