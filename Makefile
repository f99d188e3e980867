# Steady. `make help` lists the targets.
export CGO_ENABLED = 0
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.1

.DEFAULT_GOAL := help

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 15

build: ## Build bin/steady, one static binary.
	@mkdir -p bin
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/steady ./cmd/steady

demo: build ## Play three deployments on real containers: one good, one better, one that fails and is rolled back.
	@scripts/with-docker bin/steady demo

# -count=1: the end-to-end tests build the binary themselves, which Go's cache of test
# results does not see.
test: build check ## Run all tests, on real containers too.
	@scripts/need gcc=gcc,libc6-dev aws=awscli busybox=busybox-static
	@CGO_ENABLED=1 scripts/with-docker scripts/test -race -count=1 -timeout 30m ./...

fetch: ## Fetch the modules that building and testing need: what CI does first.
	@scripts/again go list -deps -test ./... >/dev/null
	@scripts/again $(STATICCHECK) -version >/dev/null

check: ## Check formatting, vet and staticcheck: what CI runs before the tests.
	@test -z "$$(gofmt -l .)" || { echo "gofmt these files:"; gofmt -l .; exit 1; }
	@go vet ./...
	@$(STATICCHECK) ./...

lint: check ## The same as check.

bench: build ## Measure start-up, deployments, scheduling and the API on this machine.
	@scripts/with-docker go run ./bench -binary bin/steady

bench-archive: ## Measure the archive with N task events (default 2000000): ingestion, size, memory, queries.
	@go run ./bench/archive -n $(or $(N),2000000)

fuzz: ## Fuzz every parser of outside input, FUZZTIME each (default 20s).
	@scripts/fuzz $(or $(FUZZTIME),20s)

soak: ## Simulate random clusters in virtual time for DURATION (default 10m).
	@go test ./simulation -run TestSimulation -v -timeout 0 -for $(or $(DURATION),10m)

clean: ## Remove what was built.
	rm -rf bin

.PHONY: help build demo test fetch check lint bench bench-archive fuzz soak clean
