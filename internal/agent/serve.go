package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"weir/internal/agent/config"
	"weir/internal/telemetry"
)

// Status is what an agent says of itself.
type Status struct {
	Version string   `json:"version"`
	Capture Captured `json:"capture"`
	// Devices are those of the host that the config is about.
	Devices  []Match         `json:"devices"`
	FlowLogs []FlowLogStatus `json:"flow_logs"`
	// TakenOut are flow logs that are not made any more and of which something waits. What they were of and where it goes is not said.
	TakenOut []FlowLogStatus `json:"taken_out,omitempty"`
	// Dropped is what weir-agent drop gave up last, the newest first, also by agents of before.
	Dropped []Dropped   `json:"dropped,omitempty"`
	State   StateStatus `json:"state"`
	// Troubles are what does not work at the moment.
	Troubles []string `json:"troubles,omitempty"`
	// Server is where the policy comes from; nil: it is the config's.
	Server *ServerStatus `json:"server,omitempty"`
}

// StateStatus is how much of the disk the state has, in bytes: what was counted and is in no record yet, and what waits to be delivered.
type StateStatus struct {
	Bytes int64 `json:"bytes"`
	// Bound is the config's state-bytes.
	Bound int64 `json:"bound"`
}

// FlowLogStatus is what a flow log has delivered since the agent began, and how that goes.
type FlowLogStatus struct {
	ID          string `json:"id"`
	Resource    string `json:"resource"`
	Destination string `json:"destination"`
	Records     int64  `json:"records"`
	Objects     int64  `json:"objects"`
	// Repeated are those of Records that may be twice in a log group or a delivery stream, and Refused are records that a destination refused for good.
	Repeated int64 `json:"repeated,omitempty"`
	Refused  int64 `json:"refused,omitempty"`
	// GivenUp are records that were given up since more waited than spool-bytes or state-bytes of the config: SKIPDATA.
	GivenUp int64 `json:"given_up,omitempty"`
	// Waiting are records that are not delivered yet.
	Waiting int64 `json:"waiting"`
	// Delivery is SUCCESS or FAILED, as DescribeFlowLogs has it; Error says why the last one failed.
	Delivery string `json:"delivery"`
	Error    string `json:"error,omitempty"`
}

// status returns what the agent says of itself.
func (a *agent) status() Status {
	a.mu.Lock()
	out := Status{Version: a.Version, Capture: a.how, Devices: a.matches, FlowLogs: []FlowLogStatus{}}
	logs, refused := a.Config.FlowLogs, a.refused
	a.mu.Unlock()
	for i := range logs {
		out.FlowLogs = append(out.FlowLogs, a.counted.of(&logs[i]))
	}
	for _, id := range slices.Sorted(maps.Keys(refused)) {
		out.FlowLogs = append(out.FlowLogs, FlowLogStatus{ID: id, Delivery: "FAILED", Error: refused[id]})
	}
	made := map[string]bool{}
	for i := range out.FlowLogs {
		made[out.FlowLogs[i].ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(a.spool.Waiting())) {
		if !made[id] {
			out.TakenOut = append(out.TakenOut, a.counted.of(&config.FlowLog{ID: id}))
		}
	}
	for _, d := range a.spool.Drops() {
		out.Dropped = append(out.Dropped, droppedOf(&d))
	}
	out.State = a.counted.state()
	out.Troubles = a.troubles()
	if a.Server != nil {
		server := a.Server()
		out.Server = &server
	}
	return out
}

// troubles are what does not work at the moment. That the server does not answer is none: what it said last is in force.
func (a *agent) troubles() []string {
	out := a.counted.Troubles(a.Clock())
	if a.Server != nil {
		if server := a.Server(); server.Refused != "" {
			out = append(out, "a policy of the server is not in force: "+server.Refused)
		}
	}
	return out
}

// handler answers with health, metrics and status.
func (a *agent) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", telemetry.Handler(a.Version, &withServer{a.counted, a.Server}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if troubles := a.troubles(); len(troubles) > 0 {
			http.Error(w, strings.Join(troubles, "\n"), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "ok")
		if a.Server != nil {
			server := a.Server()
			fmt.Fprintln(w, server.Line(a.Clock().Wall))
		}
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(a.status()); err != nil {
			a.Log.Debug("a status was not taken", "error", err)
		}
	})
	return mux
}

// serve begins to answer; stop ends it.
func (a *agent) serve(ctx context.Context) (stop func() error, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", a.Config.Listen.String())
	if err != nil {
		return nil, fmt.Errorf("can't serve health and metrics: %w", err)
	}
	uncontrol, err := a.control(ctx)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s := &http.Server{Handler: a.handler(), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	return func() error {
		err := errors.Join(uncontrol(), s.Close())
		if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	}, nil
}
