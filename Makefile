# demo: build, load and serve a small province. test: every test. lint: what CI refuses.
# bench: PERF figures. power: the fault tests in their long form.
DEMO_DIR ?= data/demo
LISTEN ?= 127.0.0.1:8080

.PHONY: demo test web bench lint power

demo:
	cargo build --release --package api
	target/release/xuefen demo --data-dir $(DEMO_DIR) --listen $(LISTEN)

test:
	cargo build --package api
	cargo test --package tests --test it

web:
	@echo "no front end in this release: pages are rendered by the server"

# The long forms of the fault tests: a million power cuts, every bit of head and segments.
power:
	XF_POWER_CRASHES=1000000 XF_BIT_FLIPS=1000000000 cargo test --release --package tests --test it store:: -- --nocapture

bench:
	cargo bench --package tests --bench bench

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
