package lab

import (
	"net/http"
	"os"

	"weir/internal/agent"
	"weir/internal/agent/config"
	"weir/internal/netmodel"
)

// reloads answers who asks the lab's agent to read its files again: its network's definition and its flow logs are in force when it answers with 200, and what was before stays with any
// other. They are offered to the agent as a server offers what it says, since an agent that reads files does not read its flow logs again.
func reloads(name string, offers chan<- agent.Offer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, r *http.Request) {
		p, err := readPolicy(name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		answer := make(chan error, 1)
		select {
		case offers <- agent.Offer{Policy: p, Answer: func(err error) { answer <- err }}:
		case <-r.Context().Done():
			http.Error(w, "the agent ends", http.StatusServiceUnavailable)
			return
		}
		if err := <-answer; err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	return mux
}

// readPolicy reads what the files of an agent say of the network and of flow logs.
func readPolicy(name string) (*agent.Policy, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	c, err := config.Read(name, data)
	if err != nil {
		return nil, err
	}
	documents, err := netmodel.ReadDocuments(c.Network...)
	if err != nil {
		return nil, err
	}
	return &agent.Policy{Documents: documents, FlowLogs: unplaced(c).FlowLogs}, nil
}

// unplaced forgets where in the file flow logs stand: a flow log that is found at another line is not another one.
func unplaced(c *config.Config) *config.Config {
	for i := range c.FlowLogs {
		c.FlowLogs[i].Place = config.Place{}
	}
	return c
}
