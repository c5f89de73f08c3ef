# All development tasks. `make help` lists the targets.

MODULES  := proto libs gateway services loadtest
PACKAGES := $(addprefix ./,$(addsuffix /...,$(MODULES)))
# Outside of the workspace, so that dependencies of deploy/'s tests can't raise the versions with which services are built.
DEPLOY   := cd deploy && GOWORK=off
BINARIES := bin/bitcraps bin/gateway bin/api bin/game bin/consensus
TOOLS    := bin/tools
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -X github.com/bitcraps/bitcraps/libs/version.Version=$(VERSION)
# The commit with which `make verify` compares the contracts.
BASE     ?= HEAD~1

export GOFLAGS ?= -buildvcs=false

.DEFAULT_GOAL := help
.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- run ------------------------------------------------------------------------------------------------------------

.PHONY: run build verifier $(BINARIES)
run: bin/bitcraps ## Build and start everything in one process, on 127.0.0.1 and PORT (default 8080).
	./bin/bitcraps up --http-addr 127.0.0.1:$(PORT)

DB   ?= postgresql
PORT ?= 8080
.PHONY: fleet-up fleet-down images
fleet-up: build ## Start every service as its own process, with PostgreSQL, Redis and two replicas of game, or with SQLite and one (DB=sqlite).
	./bin/bitcraps fleet up --database $(DB) --port $(PORT)

fleet-down: bin/bitcraps ## Stop what fleet-up started. Keeps the data.
	./bin/bitcraps fleet down

.PHONY: observe
OBSERVE ?= --fast
observe: build $(addprefix $(TOOLS)/,alertmanager otelcol jaeger) ## Break a fleet and show a trace, an alert and its resolution; alerts run at a second per minute, or in real time with OBSERVE= .
	$(DEPLOY) go run ./observe $(OBSERVE)

images: ## Build the image of every service with Buildah, or with Docker if Buildah is missing.
	VERSION=$(VERSION) deploy/docker/build.sh

build: $(BINARIES) ## Build one binary for each service, and one that contains all of them.

bin/bitcraps:
	go build -ldflags '$(LDFLAGS)' -o $@ ./services/bitcraps/cmd/bitcraps
bin/gateway:
	go build -ldflags '$(LDFLAGS)' -o $@ ./gateway/cmd/gateway
bin/api bin/game bin/consensus: bin/%:
	go build -ldflags '$(LDFLAGS)' -o $@ ./services/$*/cmd/$*

VERIFIER := bin/verifier
verifier: ## Build the receipt verifier for browsers and phones, a JavaScript package with WebAssembly, in bin/verifier.
	GOOS=js GOARCH=wasm CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(VERIFIER)/verifier.wasm ./libs/receipt/wasm
	cp "$$(go env GOROOT)/lib/wasm/wasm_exec.js" $(addprefix clients/verifier/,package.json index.mjs index.d.ts index.html README.md) $(VERIFIER)/

# --- test -----------------------------------------------------------------------------------------------------------

.PHONY: test test-short test-race test-faults test-deploy fuzz bench
test: ## Run all tests: units, stores, services, the whole platform, crashes, the plan's load script.
	go test -timeout 20m $(PACKAGES) # Slow machines need more than go test's default of 10 minutes per package.

test-short: ## Run the tests except the slowest ones.
	go test -short $(PACKAGES)

test-race: ## Run the tests with the race detector, which needs a C compiler.
	go test -race -short $(PACKAGES)

test-faults: ## Run the validators' whole fault matrix, which takes about an hour and needs root on Linux to fill disks.
	BITCRAPS_FAULTS=all go test -count=1 -timeout 4h -v -run 'TestFaults|TestTooManyFaults' ./services/consensus/internal/chain

test-deploy: ## Test deploy/, and build and run the images. Needs root and Buildah, which it installs on Debian.
	$(DEPLOY) go test -timeout 20m -count=1 ./... # -count=1, since Go's test cache does not track the images and binaries.

FUZZTIME ?= 20s
FUZZ := libs/protocol:FuzzDecodeCommitment libs/protocol:FuzzDecodeBets libs/protocol:FuzzDecodeState libs/protocol:FuzzDecodeSharing \
	libs/canonical:FuzzJSON libs/receipt:FuzzBlockProof libs/receipt:FuzzVerify libs/receipt:FuzzReceipt libs/receipt:FuzzLight libs/receipt:FuzzTrust \
	services/game/internal/lab:FuzzScript services/game/internal/lobby:FuzzHashCode services/bitcraps/internal/remediation:FuzzNotification gateway/internal/codec:FuzzJSONNumbers \
	services/consensus/internal/dkg:FuzzMessage services/consensus/internal/order:FuzzTransaction \
	services/consensus/internal/threshold:FuzzVerifyShare services/consensus/internal/chain:FuzzVoteExtension services/consensus/internal/chain:FuzzTransactions \
	services/consensus/internal/chain:FuzzSnapshotChunk services/consensus/internal/chain:FuzzManifest \
	services/consensus/internal/chain:FuzzRecord services/consensus/internal/chain:FuzzSignatureCache \
	services/api/internal/session:FuzzParse services/api/internal/device:FuzzCheck gateway/internal/socket:FuzzMessage
fuzz: ## Fuzz every decoder and verifier for FUZZTIME each.
	@for f in $(FUZZ); do echo "fuzz $$f"; go test -run '^$$' -fuzz "^$${f#*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./$${f%:*} || exit 1; done

bench: build ## Run all benchmarks (output for benchstat), then measure every way to run the platform, side by side.
	go test -run '^$$' -bench . -benchmem $(PACKAGES)
	cd loadtest && go run ./cmd/report --binary ../bin/bitcraps --out results/report.json

# --- check ----------------------------------------------------------------------------------------------------------

.PHONY: lint generate verify tidy
lint: $(TOOLS)/golangci-lint $(TOOLS)/buf ## Run the linters.
	$(TOOLS)/buf lint
	$(TOOLS)/buf format --diff --exit-code
	@for m in $(filter-out proto,$(MODULES)); do echo "golangci-lint $$m"; (cd $$m && ../$(TOOLS)/golangci-lint run ./...) || exit 1; done
	$(DEPLOY) ../$(TOOLS)/golangci-lint run ./...

PLUGINS := $(addprefix $(TOOLS)/,protoc-gen-go protoc-gen-go-grpc protoc-gen-grpc-gateway protoc-gen-connect-openapi)
OPENAPI := gateway/internal/openapi/openapi.json
generate: $(TOOLS)/buf $(TOOLS)/sqlc $(PLUGINS) ## Regenerate all generated files.
	rm -rf proto/gen
	$(TOOLS)/buf generate
	$(TOOLS)/sqlc generate
	go run ./gateway/internal/openapi/generate bin/openapi/raw.json > bin/openapi/openapi.json
	mv bin/openapi/openapi.json $(OPENAPI)
	go run ./services/bitcraps/cmd/bitcraps config schema > deploy/config/schema.json
	go run ./libs/errs/doc proto/bitcraps/errors/v1/reason.proto > docs/errors.md
	go run ./gateway/internal/access/doc > docs/access.md
	go run ./libs/craps/doc > docs/wagers.md
	$(DEPLOY) go run ./slo/generate prometheus/rules
	$(DEPLOY) go run ./grafana/generate grafana/dashboards

.PHONY: clients
CLIENT := clients/typescript
clients: $(CLIENT)/node_modules/.package-lock.json ## Lint the OpenAPI document, and generate and build the TypeScript client. Needs Node and npm.
	cd $(CLIENT) && npm run --silent lint && npm run --silent generate && npm run --silent build

$(CLIENT)/node_modules/.package-lock.json: $(CLIENT)/package-lock.json
	cd $(CLIENT) && npm ci --no-audit --no-fund --ignore-scripts

tidy:
	go work sync
	@for m in $(MODULES) deploy; do (cd $$m && GOWORK=off go mod tidy) || exit 1; done

verify: generate clients tidy ## Fail if regenerating or tidying changes files, if a contract breaks compatibility, or if a module builds only in the workspace.
	@git diff --exit-code || { echo "make verify: commit what make generate and make tidy changed"; exit 1; }
	@test -z "$$(git status --porcelain)" || { git status --short; echo "make verify: commit or remove these files"; exit 1; }
	@test -z "$$(gofmt -l $(MODULES) deploy)" || { gofmt -l $(MODULES) deploy; echo "make verify: run gofmt -w on these files"; exit 1; }
	go build $(PACKAGES) && go vet $(PACKAGES)
	$(DEPLOY) go vet ./...
	@for m in $(MODULES); do echo "GOWORK=off go build $$m"; (cd $$m && GOWORK=off go build ./...) || exit 1; done
	@if git cat-file -e '$(BASE):buf.yaml' 2>/dev/null; then $(TOOLS)/buf breaking --against '.git#ref=$(BASE)'; \
	else echo "make verify: no contracts at $(BASE) to compare with"; fi

# --- tools, each pinned by its own module in tools/ -----------------------------------------------------------------

define tool # name, module folder, package
$(TOOLS)/$(1): tools/$(2)/go.mod tools/$(2)/go.sum
	cd tools/$(2) && CGO_ENABLED=0 GOWORK=off go build -o ../../$$@ $(3)
endef
$(eval $(call tool,buf,buf,github.com/bufbuild/buf/cmd/buf))
$(eval $(call tool,sqlc,sqlc,github.com/sqlc-dev/sqlc/cmd/sqlc))
$(eval $(call tool,golangci-lint,lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint))
$(eval $(call tool,k6,k6,go.k6.io/k6))
$(eval $(call tool,alertmanager,alertmanager,github.com/prometheus/alertmanager/cmd/alertmanager))
$(eval $(call tool,amtool,alertmanager,github.com/prometheus/alertmanager/cmd/amtool))
$(eval $(call tool,protoc-gen-go,plugins,google.golang.org/protobuf/cmd/protoc-gen-go))
$(eval $(call tool,protoc-gen-go-grpc,plugins,google.golang.org/grpc/cmd/protoc-gen-go-grpc))
$(eval $(call tool,protoc-gen-grpc-gateway,plugins,github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway))
$(eval $(call tool,protoc-gen-connect-openapi,plugins,github.com/sudorandom/protoc-gen-connect-openapi))
$(eval $(call tool,jaeger,jaeger,github.com/jaegertracing/jaeger/cmd/all-in-one))
$(eval $(call tool,otelcol,otelcol,.))
$(TOOLS)/otelcol: $(wildcard tools/otelcol/*.go)
# Built beforehand: without a build cache, building them takes longer than a test's timeout.
test-deploy: build $(addprefix $(TOOLS)/,alertmanager otelcol jaeger)

.PHONY: clean
clean: ## Remove build outputs. Keeps the data.
	rm -rf bin
