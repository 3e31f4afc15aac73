# Go is all that must be there; what else a target needs it installs itself,
# once, and says so.

SHELL      := /bin/bash
export CGO_ENABLED ?= 0
CLUSTER    := data/postgis/cluster.sh
BROWSER    := chromium
SCALE      ?= 1 10 100
TILE_SCALE ?= 1 100
# The race detector looks at our code; SQLite's C code in Go, the geometry library
# and the generator, each in one goroutine, would take ten times as long under
# it. None of them may use sync.Map: theirs would be linked for everybody's, and
# the detector then knows nothing of what it orders.
RACE       := -race $(foreach p,modernc.org/sqlite/lib modernc.org/libc/... github.com/peterstace/... wangge/data/luohu,-gcflags=$(p)=-race=false)
TEST_TOOLS := gcc libc6-dev gdal-bin nginx-light $(BROWSER)

.DEFAULT_GOAL := help
.PHONY: help run run-postgis build test test-fast lint bench bench-tiles bench-roads viewer sources clean tools

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

build: ## build bin/wangge
	@go build -o bin/wangge ./cmd/wangge

run: build ## serve the district from ./var/luohu.gpkg, made from the reference dataset if absent
	@exec bin/wangge serve

run-postgis: build ## the same on a private PostGIS cluster under ./var
	@$(CLUSTER) install
	@url=$$($(CLUSTER) start var/postgis) && trap '$(CLUSTER) stop var/postgis' EXIT && \
	 bin/wangge init --sample --if-empty --store "$$url" && bin/wangge serve --demo-tokens --store "$$url"

# The page in the browser asks a service without the detector: it waits for answers.
test: tools lint ## all tests: race detector, PostGIS and browser included
	@CI=true CGO_ENABLED=1 go test $(RACE) -timeout 14m $$(go list ./... | grep -v /api/viewer$$)
	@CI=true go test -timeout 14m ./api/viewer

test-fast: ## the tests that need no database and no browser
	@go test -short ./...

lint: ## gofmt, vet and staticcheck
	@bad=$$(git ls-files '*.go' | xargs gofmt -l); [ -z "$$bad" ] || { echo "gofmt: $$bad"; exit 1; }
	@go vet ./...
	@go tool staticcheck ./...

bench: ## load, memory, edits, tiles and answers at SCALE="1 10 100" copies of the district
	@WANGGE_BENCH_SCALE="$(SCALE)" go test -run '^$$' -bench '^BenchmarkScale$$' -benchtime 1x -timeout 30m ./cmd/wangge

bench-tiles: tools ## tiles: warm ones against a bare handler, cold ones against ST_AsMVT, edits, TILE_SCALE="1 100"
	@go test -run '^$$' -bench '^BenchmarkWarmTile' -benchtime 2s ./api
	@CI=true go test -run '^$$' -bench '^BenchmarkTiles$$' -benchtime 1x -timeout 20m ./cmd/wangge
	@CI=true go test -run '^$$' -bench '^BenchmarkForeignEditVisible/postgis$$|^BenchmarkApplyVisible$$' -benchtime 200x -timeout 20m ./cmd/wangge
	@CI=true go test -count 1 -v -run '^(TestNoTileIsStale|TestEditsElsewhereKeepTiles|TestOverload)$$' ./tiles
	@CI=true go test -count 1 -v -run '^TestRevalidatingCache$$' ./cmd/wangge
	@WANGGE_BENCH_SCALE="$(TILE_SCALE)" go test -run '^$$' -bench '^BenchmarkTileScale$$' -benchtime 1x -timeout 30m ./cmd/wangge

bench-roads: tools ## nearest stations by road and by straight line, closures, tables; beside a textbook Dijkstra, pgRouting and brute force
	@CI=true go test -run '^$$' -bench '^(BenchmarkGraph|BenchmarkSnap|BenchmarkAgainstPgRouting)$$' -benchtime 10x ./spatial/road
	@go test -run '^$$' -bench '^(BenchmarkBatch|BenchmarkByRoad|BenchmarkAreas|BenchmarkOneMore)$$' -benchtime 5x ./spatial/response

viewer: ## rebuild the map page's bundle (Node 20 or newer)
	@cd api/viewer && npm ci --no-audit --no-fund && npm run build

sources: ## extract the reference dataset's sources again (npm)
	@go run data/luohu/source/extract.go -dir data/luohu/source

tools: # PostGIS, pgRouting, a browser, GDAL and a C compiler, for the tests
	@$(CLUSTER) install
	@$(CLUSTER) install-pgrouting
	@missing=; for p in $(TEST_TOOLS); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	 [ -z "$$missing" ] && exit 0; \
	 root=; [ "$$(id -u)" = 0 ] || root=sudo; \
	 echo "Installing what the tests use:$$missing"; \
	 $$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends $$missing >/dev/null

clean: ## remove what was built; stores under ./var stay
	@rm -rf bin
