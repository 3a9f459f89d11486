# demo: build, load and serve a small province. test: every test. lint: what CI refuses.
# web: the front end. bench: PERF figures. power: the fault tests in their long form.
# e2e: the pages in a real browser. interop: other people's software checks ours,
# and signs and sends to us (docs/examples).
DEMO_DIR ?= data/demo
LISTEN ?= 127.0.0.1:8080

WEB = api/web
DIST = $(WEB)/dist/verify/index.html
WEB_SOURCES = $(shell find $(WEB)/src $(WEB)/verify $(WEB)/strings $(WEB)/styles $(WEB)/plugin credentials/schemas -type f) \
	$(WEB)/package.json $(WEB)/package-lock.json $(WEB)/vite.config.ts
# Without npm everything but the page that checks in the browser is there.
NPM = $(shell command -v npm)

.PHONY: demo test debug web bench lint power e2e interop

demo: $(if $(NPM),$(DIST),no-npm)
	cargo build --release --package api
	target/release/xuefen demo --data-dir $(DEMO_DIR) --listen $(LISTEN)

test: $(if $(NPM),$(DIST),no-npm) debug
	cargo test --package tests --test it
	$(if $(NPM),cd $(WEB) && npm run --silent check && npm test --silent && npm run --silent size,@:)

# The program as the tests use it. Both packages at once: features are those of all that is built
# together, and with others nearly everything would be compiled a second time.
debug:
	cargo build --package api --package tests

web: $(DIST)

$(DIST): $(WEB_SOURCES)
	cd $(WEB) && npm ci && npm run --silent build
	@touch $(DIST)

.PHONY: no-npm
no-npm:
	@echo "SKIPPED: npm (Node 20.19 or newer) is not here, so /verify is a form that sends a photo and its tests do not run"

# Needs chromium (Debian: chromium, fonts-noto-cjk) and node; starts the server itself.
e2e: $(DIST) debug
	bash tests/e2e/run.sh

interop: debug
	bash tests/interop/run.sh

# The long forms of the fault tests: a million power cuts, every bit of head and segments.
power:
	XF_POWER_CRASHES=1000000 XF_BIT_FLIPS=1000000000 cargo test --release --package tests --test it store:: -- --nocapture

bench:
	cargo bench --package tests --bench bench

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
