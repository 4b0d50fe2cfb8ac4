package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"weir/flowlog"
	"weir/internal/console"
	"weir/internal/dashboard"
	"weir/internal/query"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	empty := flag.Bool("empty", false, "begin without records")
	following := flag.Bool("following", false, "say that sources are followed")
	users := flag.String("users", "", "users file; with it the server asks for a login")
	flag.Parse()
	if err := serve(*listen, *empty, *following, *users, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "consoletest:", err)
		os.Exit(1)
	}
}

// serve serves the console until the commands end.
func serve(listen string, empty, following bool, users string, commands io.Reader, out io.Writer) error {
	s := newStore()
	newest := begin
	if !empty {
		newest = begin.Add(24 * time.Hour)
		if err := s.add(flowlog.KindVPC, traffic(begin, 24*60), newest); err != nil {
			return err
		}
		if err := s.add(flowlog.KindTGW, gatewayTraffic(begin, 24*60), newest); err != nil {
			return err
		}
	}
	// The clock begins three minutes after the last record, so that the page shows
	// the same age each time.
	started := time.Now()
	now := func() time.Time { return begin.Add(24*time.Hour + 3*time.Minute).Add(time.Since(started)) }
	sources := func(context.Context) ([]console.Followed, error) { return nil, nil }
	if following {
		sources = func(context.Context) ([]console.Followed, error) { return followed(now()), nil }
	}
	dir, err := os.MkdirTemp("", "consoletest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	watch, err := openWatching(ctx, dir, now, empty)
	if err != nil {
		return err
	}
	defer watch.close()
	names := func(context.Context) (query.NameSource, error) { return query.FromRegistry, nil }
	handler := console.New(console.Deps{
		Engine: s, Status: s.state, Following: sources, UnknownFields: s.unknownFields, Names: names, Commits: s.commits, Version: "test", Now: now,
		Dashboards: dashboard.NewStore[dashboard.Dashboard](filepath.Join(dir, "dashboards"), now, dashboard.Ready()...),
		Queries:    dashboard.NewStore[dashboard.SavedQuery](filepath.Join(dir, "queries"), now),
		Watching:   watch.shown(),
	})
	if users != "" {
		login, err := console.NewLogin(users, now)
		if err != nil {
			return err
		}
		handler = login.Protect(handler)
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: console.Guard(handler, nil), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		switch lines.Text() {
		case "commit":
			err = s.add(flowlog.KindVPC, traffic(newest, 5), now())
			newest = newest.Add(5 * time.Minute)
		case "alarm":
			err = watch.turn(ctx)
		default:
			err = fmt.Errorf("no command %q", lines.Text())
		}
		if err != nil {
			return err
		}
	}
	if err := server.Close(); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
