package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/lab:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var s soak
	flag.StringVar(&s.weir, "weir", "bin/weir", "weir's `binary`")
	flag.StringVar(&s.dir, "dir", "/var/lib/weir-lab", "`folder` of the lab")
	flag.StringVar(&s.interval, "interval", "10s", "`time` after which windows are over")
	flag.StringVar(&s.listen, "listen", "127.0.0.1:8787", "`address` of the lab's weir serve")
	flag.IntVar(&s.times, "times", 3, "how `often` all scenarios are run")
	cast := flag.String("cast", "", "record a terminal into this `file`, and draw it into one beside it that ends in .svg")
	flag.Parse()
	if os.Getuid() != 0 {
		return errors.New("it takes root: network namespaces are made")
	}
	if s.times < 1 {
		return fmt.Errorf("-times %d: it is at least 1", s.times)
	}
	var err error
	if s.weir, err = filepath.Abs(s.weir); err != nil {
		return err
	}
	if *cast != "" {
		return record(ctx, s.weir, *cast, tour)
	}
	return s.run(ctx)
}
