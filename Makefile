# "make help" lists the targets. What takes more than a line is in scripts/.

GO       ?= go
TOOL     := $(GO) tool -modfile=tools/go.mod
# With libdeflate, where it is installed, gunzip takes a third of the time. Asked for
# when it is needed: setup-build may have installed it.
TAGS      = $(shell pkg-config --exists libdeflate 2>/dev/null && echo libdeflate)
FUZZTIME ?= 5s
BENCH    ?= .
export GO FUZZTIME

.DEFAULT_GOAL := build
.NOTPARALLEL:
.PHONY: help build demo demo-watch test setup setup-build format fix lint deadcode generated unit fuzz web cross smoke generate fmt bench truth bench-table bench-short bench-capture bench-delivery bench-lab bench-crash lab-pages lab-soak lab-cast peers clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/weir and bin/weir-agent
	$(GO) build -tags '$(TAGS)' -o bin/weir ./cmd/weir
	CGO_ENABLED=0 $(GO) build -o bin/weir-agent ./cmd/weir-agent

demo: setup-build build ## one synthetic day, its report and the page; DEMO_SOURCE=path takes your own logs
	scripts/demo.sh

demo-watch: ## a brute force is let in, an alarm goes off, its message says who and what stops it, and the alarm clears
	$(GO) test -tags '$(TAGS)' -count 1 -v -run '^TestWatchDemo$$' ./internal/cli

test: setup format fix lint deadcode generated unit web cross smoke bench-short ## everything that CI runs

setup: ## install what the tests need (Debian; the rest is said)
	scripts/setup.sh test

setup-build: ## install what the build needs
	scripts/setup.sh build

format: ## fail where a file is not formatted
	$(TOOL) golangci-lint fmt --diff

fix: ## fail where Go has a newer way to say it
	$(GO) fix -diff ./...

lint: ## vet and linters
	$(GO) vet -tags '$(TAGS)' ./...
	$(TOOL) golangci-lint run --build-tags '$(TAGS)'

deadcode: ## fail where a function is out of reach of the program and of every test
	scripts/deadcode.sh

generated: ## fail where generated files are not up to date
	scripts/unchanged.sh $(GO) generate ./...

unit: ## unit, script, language, architecture and documentation tests
	scripts/unit.sh

fuzz: ## hunt with each fuzz target for FUZZTIME, 5s; unit runs their seeds and what they found before
	scripts/fuzz.sh

web: ## check, build and test the page in a browser
	scripts/web.sh

cross: ## build for arm64 and macOS
	scripts/cross.sh

smoke: build ## run the demo without a person
	scripts/demo.sh --smoke

generate: ## write generated files anew
	$(GO) generate ./...

fmt: ## format
	$(TOOL) golangci-lint fmt

truth: ## play packets through random networks, and compare what is told of their records, 1 M verdicts: VERDICTS=number
	$(GO) test -count 1 -timeout 1h -v -run '^TestExact$$' ./internal/attribute/truth -args -verdicts $(or $(VERDICTS),1000000)

bench: ## benchmarks beside the code, 6 runs, for benchstat: BENCH=pattern
	$(GO) test -tags '$(TAGS)' -run '^$$' -bench '$(BENCH)' -benchmem -count 6 ./...

bench-table: build ## 10 M records: parser, intake, sizes and questions, beside DuckDB and the peers that are there, with their bars: BENCHFLAGS=-install
	$(GO) run ./bench -weir bin/weir $(BENCHFLAGS)

bench-short: build ## the same on few records, without peers: fails where an answer differs or a ratio is clearly worse
	$(GO) run ./bench -weir bin/weir -dir bin/bench-short -records 200000 -runs 3 -peers ''

bench-lab: build ## how long after its window a record is in a query's answer, in a lab whose windows are over after 10 seconds; as root: RUNS=100
	scripts/lab_late.sh

bench-capture: build ## what counting in the kernel costs, loses, holds and survives, and veth throughput beside softflowd and pmacctd (apt-get install iperf3 softflowd pmacct), with their bars; as root, on a quiet machine: CAPTUREFLAGS="-only throughput"
	$(GO) run ./bench/capture -agent bin/weir-agent $(CAPTUREFLAGS)

bench-delivery: ## weir-agent is killed while its bucket is down for 10 minutes, then hangs, is slow, full, failing and cut for 40 s each; as root: MINUTES=10
	WEIR_DELIVERY=$(or $(MINUTES),10) $(GO) test ./internal/agent/command -count 1 -timeout 4h -v -run '^TestDelivery$$'
	$(GO) test ./internal/agent -run '^$$' -bench '^Benchmark(Waiting|Large)$$' -benchtime 1x

bench-crash: ## kill -9 an intake, a server and what watches at 50 random moments each, and Puts of log events at 200: CRASHFLAGS="-kills 200 -crash-seed 1"
	$(GO) test ./internal/cli -count 1 -timeout 60m -v -run 'Test(Serve|Watch)?Crash$$' $(or $(CRASHFLAGS),-kills 50)
	$(GO) test ./internal/logstore -count 1 -timeout 60m -v -run 'TestCrash$$' $(or $(CRASHFLAGS),-kills 200)

lab-pages: ## write the pages of the lab's scenarios anew, from a run; as root
	$(GO) test ./internal/lab/page -count 1 -run '^TestTables$$' -update
	$(GO) test -tags '$(TAGS)' ./internal/cli -count 1 -timeout 10m -run '^TestLab$$' -update

lab-soak: build ## all scenarios of the lab three times in a row, with memory, up and down, and their bars; as root: LABFLAGS="-times 10 -interval 60s"
	$(GO) run ./bench/lab -weir bin/weir $(LABFLAGS)

lab-cast: build ## record docs/lab/lab.cast and its picture anew, from a run; as root
	$(GO) run ./bench/lab -weir bin/weir -cast docs/lab/lab.cast

peers: ## pyarrow, DuckDB's own Python and PyIceberg read what weir writes (they must be installed)
	$(GO) test -count 1 -tags peers -run Peer ./flowlog ./internal/lake

clean: ## remove what was built
	rm -rf bin web/node_modules
