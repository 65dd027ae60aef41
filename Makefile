# probefleet: what a person or CI calls. `make up` runs the fleet, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export GOFLAGS := $(GOFLAGS) -buildvcs=false
TOOLS := $(CURDIR)/.data/bin
STACK := scripts/stack.sh
# Each module is tested as it stands alone too: a workspace hides what a go.mod lacks.
MODULES = $(shell go list -m -f '{{.Dir}}')
# The tools' modules are not in the workspace, so that they never raise a version in it.
TOOL_MODULES := scripts/tools scripts/lint scripts/influxdb
# Tests wait for engines and timers more than they work: eight at once in each package,
# however few the cores. Those of a whole fleet do nothing but wait.
TEST_FLAGS := -timeout 10m -parallel 8
E2E_FLAGS := -timeout 20m -parallel 32 -count 1 -p 2

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  \1\t/' | expand -t 22

up: ## run the whole fleet on this machine until Ctrl-C (DETACH=1: in the background)
	@exec $(STACK) up $(if $(DETACH),-detach)

start: ## run the whole fleet in the background
	@exec $(STACK) up -detach

down: ## stop the fleet of this checkout
	@exec $(STACK) down

status: ## what runs
	@exec $(STACK) status

demo: ## with the fleet up: watch scripted websites until Ctrl-C
	@exec $(STACK) demo

demo-clean: ## remove the demo's websites
	@exec $(STACK) demo -clean

build: ## build the dashboard, and the services into bin
	@exec $(STACK) build

test: lint test-web drift test-all test-fleets ## everything, as CI runs it

test-unit: ## the tests that need nothing but Go
	go test $(TEST_FLAGS) work

test-integration: ## and those that need PostgreSQL, Redis and InfluxDB
	@scripts/with-engines go test $(TEST_FLAGS) -tags integration work

# Unit and integration tests in one run, summed up in one closing line. What failed is
# tried once more and named (see scripts/gotests).
test-all: $(TOOLS)/gotestsum
	@scripts/with-engines scripts/gotests pkgname-and-test-fails work $(TEST_FLAGS) -tags integration

# The browser's fleet beside those of the e2e tests: all wait more than they work. What it
# has to say comes after what they say.
BROWSER_LOG := .data/test-browser.log
test-fleets: build
	@code=0; $(STACK) browser -no-build test >$(BROWSER_LOG) 2>&1 & browser=$$!; \
	$(MAKE) --no-print-directory test-e2e || code=$$?; \
	if wait $$browser; then cat $(BROWSER_LOG); exit $$code; fi; \
	cat $(BROWSER_LOG); echo "flaky: the browser, unless it fails again on another fleet"; \
	$(STACK) browser -no-build test || code=$$?; exit $$code

test-browser: ## a browser on a fleet of its own: every page, and what it says when parts are away
	@exec $(STACK) browser test

# One fleet after the other: two at once would each be too slow.
test-e2e: $(TOOLS)/gotestsum build ## a whole fleet of its own, from the API to the alerts; beside it one that is broken on purpose
	@cd scripts/stack && PROBEFLEET_ROOT=$(CURDIR) $(CURDIR)/scripts/gotests testname "./e2e/... ./chaos/..." $(E2E_FLAGS) -tags e2e

test-web: ## the dashboard: types, lint, unit tests, what a browser loads to begin with
	@$(STACK) web
	@cd services/api/web && npm run --silent check && npm run --silent size

vet: ## what go vet finds (lint finds it too)
	go vet -tags integration,e2e work

lint: $(TOOLS)/golangci-lint $(TOOLS)/buf ## golangci-lint, buf
	$(TOOLS)/golangci-lint run $(addsuffix /...,$(MODULES))
	cd proto && $(TOOLS)/buf lint

fmt: $(TOOLS)/golangci-lint ## format
	$(TOOLS)/golangci-lint fmt $(MODULES)
	cd proto && $(TOOLS)/buf format -w

generate: $(TOOLS)/buf ## make the generated code anew: messages, SQL, the API's server and its types, the table of settings
	cd proto && PATH=$(TOOLS):$$PATH buf generate
	PATH=$(TOOLS):$$PATH sqlc generate
	PATH=$(TOOLS):$$PATH go generate work
	@$(STACK) web -packages
	cd services/api/web && npm run --silent generate
	@$(STACK) settings -write

tidy: ## bring all go.mod files to the same versions
	go work sync
	for dir in $(MODULES); do (cd $$dir && GOWORK=off go mod tidy); done
	go work sync

drift: ## generated code, modules and workspace are in step
	@scripts/drift "$(MODULES)" "$(TOOL_MODULES)"

# BENCH=quick takes two minutes, the standard form ten, BENCH=long an hour.
bench: ## what a fleet costs on this machine (BENCH=quick, PARTS=storm,restart, DOC=1: into docs/performance.md)
	@exec $(STACK) bench $(if $(BENCH),-form $(BENCH)) $(if $(PARTS),-parts $(PARTS)) $(if $(DOC),-doc)

bench-api: ## how long the api's routes take with 10,000 websites, on private engines
	@cd services/api && ../../scripts/with-engines go test -tags integration,bench -run '^TestBenchAPI$$' -count 1 -v -timeout 30m ./internal/httpapi

bench-web: ## the overview in a browser with 5,000 websites (DOC=1: into docs/performance.md)
	@exec $(STACK) browser $(if $(DOC),-doc) bench

screenshots: ## pictures of the dashboard for the README, of a small fleet that seems to have a past
	@exec $(STACK) browser screenshots

bench-go: ## Go benchmarks of the hot paths that need no engines
	go test -run '^$$' -bench . -benchmem work

# The lowest of five runs each: what the machine did besides only adds.
bench-probe: ## what a probe costs beside a bare GET, in CPU time: at most 1.3 times as much
	@cd services/worker && go test -run '^$$' -bench '^Benchmark(Bare|Probe)$$' -benchtime 3000x -count 5 ./internal/probe/httpprobe \
	| awk '$$1 ~ /^Benchmark/ { split($$1, name, /[\/-]/); key = name[1] name[2]; for (i = 2; i < NF; i++) if ($$(i + 1) ~ /^cpu-/ && (!(key in low) || $$i < low[key])) low[key] = $$i } \
	END { n = split("http https", schemes, " "); for (i = 1; i <= n; i++) { s = schemes[i]; bare = low["BenchmarkBare" s]; probe = low["BenchmarkProbe" s]; \
	if (!bare || !probe) { print "no figures for " s; exit 1 } \
	printf "%-5s  bare GET %7.1f µs  probe %7.1f µs  ratio %.2f\n", s, bare, probe, probe / bare; if (probe > 1.3 * bare) high = 1 } exit high }'

sim: ## false alarms and missed outages of up to a million monitors, in simulated time
	go run ./scripts/sim -doc docs/simulation.md

chaos: build ## break a fleet in every way and count what became of its promises (an hour; CHAOS="-only Redis": some of it)
	@cd scripts/stack && PROBEFLEET_ROOT=$(CURDIR) go run ./chaos $(if $(CHAOS),$(CHAOS),-doc $(CURDIR)/docs/reliability.md)

# The tools are built once for each state of their modules (see scripts/tool).
$(TOOLS)/gotestsum $(TOOLS)/buf: scripts/tools/go.mod scripts/tools/go.sum
	@scripts/tool tools $@

$(TOOLS)/golangci-lint: scripts/lint/go.mod scripts/lint/go.sum
	@scripts/tool lint $@

clean: ## remove what was built; data stays
	rm -rf bin
	go clean -testcache

.PHONY: help up start down status demo demo-clean build test test-unit test-integration test-all test-e2e test-fleets test-browser test-web vet lint fmt generate tidy drift bench bench-api bench-web screenshots bench-go bench-probe sim chaos clean
