package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/flowlog"
	"weir/internal/console"
	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/notify"
	"weir/internal/source"
	"weir/internal/telemetry"
)

// ServeOptions says how to serve a data directory.
type ServeOptions struct {
	Data string
	// Listen is the address of the console, such as 127.0.0.1:8787. Any but a
	// loopback address needs TLS and users.
	Listen string
	// TLSCert and TLSKey are PEM files.
	TLSCert, TLSKey string
	// Hosts are further names under which the console is reached.
	Hosts []string
	// Retention takes out records that are older; 0 keeps all.
	Retention   time.Duration
	MemoryBytes int64
	// Follow, where it is not nil, is taken first and followed from then on, with the
	// Every and the Queue of a [Follow].
	Follow *OpenRequest
	Every  time.Duration
	Queue  string
	// Account and Region are what ARNs of AWS's services have here; "" means DefaultAccount and
	// DefaultRegion.
	Account, Region string
	// AthenaOutput is where results and UNLOAD of Athena may be written.
	AthenaOutput AthenaOutput
	// Agents says where agents are answered.
	Agents AgentListen
	// Notify says how messages of alarms are sent; account, region and clock are the server's.
	Notify notify.Options
	// Sinks are where subscription filters may deliver to.
	Sinks   Sinks
	Version string
	// FlushAge is after how long log events go into files, and records among them into the lake; 0 means some
	// seconds.
	FlushAge time.Duration
	// Now is the clock of what is taken in, counted, judged and sent; nil is the machine's.
	Now func() time.Time
	Log *slog.Logger
	// Ready, which may be nil, is called with the console's URL once it answers.
	Ready func(url string)
}

// maintenanceEvery is how often the lake is tidied.
const maintenanceEvery = 5 * time.Minute

// UsersFile returns the file of those who may log in.
func UsersFile(data string) string { return filepath.Join(data, "secrets", "users") }

// Serve holds a data directory, answers the console and AWS's clients on TCP and other commands on
// DATA/weir.sock, and keeps the lake tidy, until ctx ends.
func Serve(ctx context.Context, o ServeOptions) error {
	access, err := newAccess(o)
	if err != nil {
		return err
	}
	s, err := OpenLocal(ctx, LocalOptions{Data: o.Data, MemoryBytes: o.MemoryBytes, Account: o.Account, Region: o.Region, Now: o.Now})
	if err != nil {
		return err
	}
	defer s.Close()
	var lc net.ListenConfig
	tcp, err := lc.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	defer tcp.Close()
	socket, err := listenUnix(ctx, s.lake.Data())
	if err != nil {
		return err
	}
	defer socket.Close()
	s.logs.log, s.logs.flushAge = o.Log, o.FlushAge
	store, err := s.logStore(ctx, true)
	if err != nil {
		return err
	}
	if o.Notify.URL == "" {
		o.Notify.URL = access.linked(tcp.Addr(), o.Hosts)
	}
	api, err := s.openAPI(ctx, o)
	if err != nil {
		return err
	}
	s.watching = api.watch
	agents, agentListener, err := openAgents(ctx, s, api.flows, o)
	if err != nil {
		return err
	}
	srv := &server{s: s, o: o, ctx: ctx, store: store, api: api, agents: agents}
	srv.metrics = telemetry.NewMetrics(o.Version, srv.gauges()...)
	handler := srv.counted(api.before(access.protect(srv.handler())))
	commands := srv.counted(rpcHandler(ctx, s, o.Version))
	if access.tls != nil {
		tcp = tls.NewListener(tcp, access.tls)
	}
	listeners := map[net.Listener]http.Handler{tcp: handler, socket: commands}
	if agents != nil {
		defer func() { _ = agents.close() }() // what was said is on the disk
		defer agentListener.Close()
		listeners[agentListener] = srv.counted(agents.handler())
		o.Log.Info("agents are answered", "url", "https://"+agentListener.Addr().String())
		if o.Agents.Ready != nil {
			o.Agents.Ready("https://" + agentListener.Addr().String())
		}
	}
	return srv.run(ctx, listeners, access.url(tcp.Addr()))
}

// access is who may reach the console, and how.
type access struct {
	tls   *tls.Config
	login *console.Login
	hosts []string
}

// newAccess checks that an address that others can reach has TLS and a login.
func newAccess(o ServeOptions) (*access, error) {
	host, port, err := net.SplitHostPort(o.Listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return nil, &UsageError{Message: fmt.Sprintf("cannot listen on %q: it is no address with a port", o.Listen), Hint: "such as 127.0.0.1:8787; port 0 takes a free one"}
	}
	if (o.TLSCert == "") != (o.TLSKey == "") {
		return nil, &UsageError{Message: "TLS needs both a certificate and its key", Hint: "give both --tls-cert and --tls-key, or neither"}
	}
	a := &access{hosts: o.Hosts}
	addr, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && addr.IsLoopback() {
		if o.TLSCert == "" {
			return a, nil
		}
	} else if o.TLSCert == "" {
		return nil, &UsageError{
			Message: fmt.Sprintf("%s can be reached from other machines, so it needs TLS and a login", o.Listen),
			Hint:    "give --tls-cert and --tls-key, or listen on 127.0.0.1 and reach it through ssh -L",
		}
	}
	cert, err := tls.LoadX509KeyPair(o.TLSCert, o.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("cannot load the certificate: %w", err)
	}
	a.tls = &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12}
	a.hosts = append(a.hosts, host)
	if cert.Leaf != nil {
		a.hosts = append(a.hosts, cert.Leaf.DNSNames...)
		for _, ip := range cert.Leaf.IPAddresses {
			a.hosts = append(a.hosts, ip.String())
		}
	}
	names, err := Users(o.Data)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, &UsageError{Message: "nobody can log in: " + UsersFile(o.Data) + " names no user", Hint: "weir user add NAME"}
	}
	a.login, err = console.NewLogin(UsersFile(o.Data), time.Now)
	return a, err
}

// UsageError is an error in how a command was called.
type UsageError struct{ Message, Hint string }

// Error returns the message without the hint.
func (e *UsageError) Error() string { return e.Message }

// protect puts the guard, and the login where there is one, before a handler.
func (a *access) protect(next http.Handler) http.Handler {
	if a.login != nil {
		next = a.login.Protect(next)
	}
	return console.Guard(next, a.hosts)
}

// url returns the console's address for people.
func (a *access) url(addr net.Addr) string {
	scheme := "http"
	if a.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + addr.String() + "/"
}

// linked returns the URL, without a / behind it, that links of messages have: the console's. Nobody reaches one that stands for all addresses: there it
// is that of the first of the further names, "" where there is none.
func (a *access) linked(addr net.Addr, names []string) string {
	url := strings.TrimSuffix(a.url(addr), "/")
	at, err := netip.ParseAddrPort(addr.String())
	switch {
	case err != nil || !at.Addr().IsUnspecified():
		return url
	case len(names) == 0:
		return ""
	}
	return strings.TrimSuffix(url, addr.String()) + net.JoinHostPort(names[0], strconv.Itoa(int(at.Port())))
}

// server is a server that runs.
type server struct {
	s       *Local
	o       ServeOptions
	ctx     context.Context
	store   *logstore.Store
	api     *awsAPI
	agents  *agents // nil: agents are not answered
	metrics *telemetry.Metrics
	running sync.WaitGroup // requests
}

// counted returns a handler whose requests are waited for when the server ends: an
// import still commits what it has read, and the log groups and the lake may be closed only once
// nobody reads them.
func (v *server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.running.Add(1)
		defer v.running.Done()
		next.ServeHTTP(w, r)
	})
}

// handler answers on TCP: console, health, metrics.
func (v *server) handler() http.Handler {
	languages := v.languages()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", v.health)
	mux.Handle("GET /metrics", v.metrics.Handler())
	mux.Handle("/", console.New(console.Deps{
		Engine:    v.s.engine,
		Status:    v.status,
		Following: v.following,
		UnknownFields: func(k flowlog.Kind) []string {
			names, err := v.s.UnknownFields(v.ctx, k)
			if err != nil {
				v.o.Log.Error("cannot read the unknown fields", "error", err)
			}
			return names
		},
		Names:     v.s.names.known,
		Commits:   v.commits,
		Languages: languages, Dashboards: v.s.dashboards(), Queries: v.s.savedQueries(languages),
		Watching: v.api.shownWatching(),
		Version:  v.o.Version,
		Now:      time.Now,
	}))
	return v.metrics.Measure(mux, pathLabel)
}

// pathLabel returns the metrics' label of a request that was answered: its path,
// where there is a handler for just that, or what kind of thing it asks for. Clients
// can't make labels of their own.
func pathLabel(r *http.Request) string {
	_, pattern, _ := strings.Cut(r.Pattern, " ")
	switch p := r.URL.Path; {
	case pattern == p && p != "/":
		return p
	case strings.HasPrefix(p, "/api/"):
		return "/api/"
	}
	return "page"
}

// health answers 200 where the lake can be read. It answers without a login, so why
// the lake can't be read stands in the log alone.
func (v *server) health(w http.ResponseWriter, r *http.Request) {
	if _, err := v.s.lake.Snapshot(r.Context()); err != nil {
		v.o.Log.Error("the lake can't be read", "error", err)
		http.Error(w, "the lake can't be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// status tells the console of the lake.
func (v *server) status(ctx context.Context) (console.Status, error) {
	st, err := v.s.lake.Status(ctx, 0)
	if err != nil {
		return console.Status{}, err
	}
	var out console.Status
	for _, t := range st.Tables {
		if t.Records == 0 {
			continue
		}
		c := console.TableStatus{Kind: flowlog.KindVPC, Records: t.Records, Bytes: t.Bytes, Oldest: *t.Oldest, Newest: *t.Newest}
		if t.Kind == flowlog.KindTGW.String() {
			c.Kind = flowlog.KindTGW
		}
		c.Objects = st.Objects[lake.Taken]
		out.Tables = append(out.Tables, c)
	}
	return out, nil
}

// following tells the console which sources are followed, by any process.
func (v *server) following(context.Context) ([]console.Followed, error) {
	states, err := followStates(v.s.lake.Data(), time.Now())
	if err != nil {
		return nil, err
	}
	out := make([]console.Followed, len(states))
	for i := range states {
		f := &states[i]
		out[i] = console.Followed{
			Source: f.Source, Running: f.Running, Process: f.Process, Since: f.Since, Updated: f.Updated,
			Looked: orZero(f.Looked), Good: orZero(f.Good), Objects: f.Objects, Records: f.Records, BadLines: f.BadLines,
			LastObject: f.LastObject, LastTaken: orZero(f.LastTaken),
			Error: f.Error, Failed: f.Failed, FailedSince: orZero(f.FailedSince), Retry: orZero(f.Retry),
		}
		if f.Gone != nil {
			out[i].Gone, out[i].GoneFrom, out[i].GoneLooked = f.Gone.Objects, orZero(f.Gone.From), orZero(f.GoneLooked)
		}
	}
	return out, nil
}

// orZero returns a time, or the zero time where there is none.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// commits passes the lake's commits on to the console.
func (v *server) commits(ctx context.Context) <-chan console.Commit {
	from := v.s.lake.Commits(ctx)
	to := make(chan console.Commit, 2)
	go func() {
		defer close(to)
		for c := range from {
			for k, n := range c.Added {
				select {
				case to <- console.Commit{At: c.At, Kind: k, Records: n}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return to
}

// gauges are the lake's metrics.
func (v *server) gauges() []telemetry.Gauge {
	value := func(of func(t lake.TableStatus) float64) func() float64 {
		return func() float64 {
			st, err := v.s.lake.Status(v.ctx, 0)
			if err != nil {
				return -1
			}
			sum := 0.0
			for _, t := range st.Tables {
				sum += of(t)
			}
			return sum
		}
	}
	return []telemetry.Gauge{
		{Name: "weir_lake_records", Help: "Records in the lake.", Value: value(func(t lake.TableStatus) float64 { return float64(t.Records) })},
		{Name: "weir_lake_bytes", Help: "Bytes of the lake's data files.", Value: value(func(t lake.TableStatus) float64 { return float64(t.Bytes) })},
		{Name: "weir_lake_files", Help: "The lake's data files.", Value: value(func(t lake.TableStatus) float64 { return float64(t.Files) })},
		{Name: "weir_lake_newest_record_timestamp_seconds", Help: "End of the newest record, in seconds since the epoch; 0 in an empty lake.", Value: v.newest},
		{Name: "weir_follow_sources", Help: "Sources and queues that are followed, by any process.", Value: v.followed(func(FollowState) bool { return true })},
		{Name: "weir_follow_failing_sources", Help: "Those of them whose last look failed.", Value: v.followed(func(f FollowState) bool { return f.Error != "" })},
		{Name: "weir_follow_oldest_good_look_timestamp_seconds", Help: "When that of them was last looked at well for which this is longest ago, in seconds since the epoch; 0 where one never was, or none is followed.", Value: v.oldestLook},
		{Name: "weir_notify_waiting_deliveries", Help: "Messages that wait for a subscriber, also between attempts.", Value: v.backlog(func(waiting, _ int64) int64 { return waiting })},
		{Name: "weir_notify_dead_letters", Help: "Messages of the last 14 days that a subscriber did not get.", Value: v.backlog(func(_, dead int64) int64 { return dead })},
	}
}

// backlog returns one of the two numbers of messages that subscribers have not got.
func (v *server) backlog(which func(waiting, dead int64) int64) func() float64 {
	return func() float64 {
		waiting, dead, err := v.api.topics.Backlog(v.ctx)
		if err != nil {
			return -1
		}
		return float64(which(waiting, dead))
	}
}

// followed returns how many of the sources that are followed now are so.
func (v *server) followed(is func(FollowState) bool) func() float64 {
	return func() float64 {
		states, err := followStates(v.s.lake.Data(), time.Now())
		if err != nil {
			return -1
		}
		n := 0
		for _, f := range states {
			if f.Running && is(f) {
				n++
			}
		}
		return float64(n)
	}
}

// oldestLook returns the oldest of the last good looks at sources that are followed.
func (v *server) oldestLook() float64 {
	states, err := followStates(v.s.lake.Data(), time.Now())
	if err != nil {
		return -1
	}
	var oldest int64
	for _, f := range states {
		switch {
		case !f.Running:
		case f.Good == nil:
			return 0
		case oldest == 0 || f.Good.Unix() < oldest:
			oldest = f.Good.Unix()
		}
	}
	return float64(oldest)
}

// newest returns the time of the newest record in seconds since the epoch.
func (v *server) newest() float64 {
	snap, err := v.s.lake.Snapshot(v.ctx)
	if err != nil {
		return -1
	}
	if at := snap.Newest(); !at.IsZero() {
		return float64(at.Unix())
	}
	return 0
}

// newHTTPServer returns a server whose requests end with ctx.
func newHTTPServer(ctx context.Context, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
}

// run serves until ctx ends or a listener fails.
func (v *server) run(ctx context.Context, listeners map[net.Listener]http.Handler, url string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v.ctx = ctx
	var wg sync.WaitGroup
	failed := make(chan error, len(listeners))
	var servers []*http.Server
	for l, h := range listeners {
		srv := newHTTPServer(ctx, h, v.o.Log)
		servers = append(servers, srv)
		wg.Go(func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	wg.Go(func() { v.maintain(ctx) })
	wg.Go(func() { v.takeEvents(ctx) })
	wg.Go(func() { v.api.run(ctx) })
	wg.Go(func() {
		(&subscriptions{store: v.store, sinks: v.o.Sinks, account: v.s.account, log: v.o.Log, now: v.s.now, every: filtersEvery}).run(ctx)
	})
	if v.agents != nil {
		wg.Go(func() { v.agents.run(ctx) })
	}
	if v.o.Follow != nil {
		wg.Go(func() { v.follow(ctx) })
	}
	wg.Go(func() {
		for range v.s.lake.Commits(ctx) {
			v.metrics.Committed()
		}
	})
	v.o.Log.Info("serving", "url", url, "data", v.s.lake.Data())
	if v.o.Ready != nil {
		v.o.Ready(url)
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	cancel() // ends running requests, and with them streams of events
	for _, srv := range servers {
		stop, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		if srv.Shutdown(stop) != nil {
			_ = srv.Close() // it has had its time
		}
		done()
	}
	wg.Wait()
	v.running.Wait()
	return err
}

// follow takes what comes to the sources that are followed, until ctx ends, and says
// in the log what came and what fails.
func (v *server) follow(ctx context.Context) {
	f := Follow{Every: v.o.Every, Queue: v.o.Queue, Fresh: true, Data: v.s.lake.Data(), Report: v.logRound}
	if err := f.Run(ctx, v.s, *v.o.Follow); err != nil {
		v.o.Log.Error("cannot follow any more", "error", err) // of a service in this process none is final
	}
}

// logRound says in the log what a round of following brought.
func (v *server) logRound(r Round) {
	log := v.o.Log.With("source", r.Source)
	if r.Back {
		log.Info("can be read again")
	}
	if r.Objects > 0 {
		took := []any{"objects", r.Objects, "records", r.Records}
		if r.BadLines > 0 {
			took = append(took, "bad_lines", r.BadLines)
		}
		if r.Newest != nil {
			took = append(took, "newest_record", r.Newest.UTC().Format(time.RFC3339))
		}
		log.Info("took objects", took...)
	}
	for _, p := range r.Problems {
		log.Warn("not taken, or not whole", hinted([]any{"object", p.URL, "state", p.State, "problem", p.Problem}, p.Hint)...)
	}
	if r.Err != nil {
		said := []any{"error", r.Err, "next_try_in", r.Wait}
		if fault, ok := errors.AsType[*source.Fault](r.Err); ok {
			said = hinted(said, fault.Hint)
		}
		log.Error("cannot follow", said...)
	}
}

// hinted adds a hint, if there is one, to what the log says.
func hinted(said []any, hint string) []any {
	if hint == "" {
		return said
	}
	return append(said, "hint", hint)
}

// maintain tidies the lake from time to time.
func (v *server) maintain(ctx context.Context) {
	tick := time.NewTicker(maintenanceEvery)
	defer tick.Stop()
	for {
		if v.o.Retention > 0 {
			x, err := v.s.Expire(ctx, lake.ExpireOptions{OlderThan: v.o.Retention})
			if x.Records > 0 || x.TailObjects > 0 {
				v.o.Log.Info("expired records", "records", x.Records, "hours", x.Hours, "tail_objects", x.TailObjects)
			}
			if err != nil && ctx.Err() == nil {
				v.o.Log.Error("cannot expire records", "error", err)
			}
		}
		if err := v.s.tidy(ctx, nil); err != nil && ctx.Err() == nil {
			v.o.Log.Error("cannot tidy the lake", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// takeEventsEvery is how often flow log records among log events come into the lake.
const takeEventsEvery = 5 * time.Second

// takeEvents takes flow log records among log events into the lake, until ctx ends.
func (v *server) takeEvents(ctx context.Context) {
	tick := time.NewTicker(cmp.Or(v.o.FlushAge, takeEventsEvery))
	defer tick.Stop()
	failed := ""
	formats := newDeliveredFormats(v.s.lake.Data(), v.s.now)
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		report, err := v.s.TakeEvents(ctx, v.store)
		err = errors.Join(giveFormats(ctx, v.store, formats), err)
		if ctx.Err() != nil {
			return
		}
		said := ""
		if err != nil {
			said = err.Error()
		}
		for _, p := range report.Problems {
			said += "\n" + p.URL + ": " + p.Problem
		}
		if said != failed { // what stays so is said once
			if err != nil {
				v.o.Log.Error("records of log groups can't be taken into the lake", "error", err)
			}
			for _, p := range report.Problems {
				v.o.Log.Warn("records of a log group are not taken into the lake, or not whole", hinted([]any{"object", p.URL, "problem", p.Problem}, p.Hint)...)
			}
		}
		failed = said
	}
}

// removeStale removes the socket of a server that is gone; the lake's lock is
// held, so no other can be alive.
func removeStale(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove the old socket: %w", err)
	}
	return nil
}
