#!/usr/bin/env bash
# The pages of a real server in a real browser. XF_BIN names the program; the demo it serves is made here
# and the server is ended by its own number.
set -euo pipefail
cd "$(dirname "$0")"

bin=$(realpath "${XF_BIN:-../../target/debug/xuefen}")
command -v chromium >/dev/null || {
  echo "SKIPPED: chromium is not here (Debian: apt-get install chromium fonts-noto-cjk)"
  [ -z "${CI:-}" ] || exit 1
  exit 0
}
[ -d node_modules ] || npm ci --silent

dir=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd ../..
"$bin" demo --data-dir "$dir/demo" --listen "127.0.0.1:$port" --learners 50 >"$dir/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
for _ in $(seq 300); do
  curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && break
  kill -0 "$server" 2>/dev/null || { cat "$dir/log"; exit 1; }
  sleep 0.2
done
cd tests/e2e
XF_BASE="http://localhost:$port" XF_DEMO="$dir/demo" XF_PICTURE="$dir/demo/credential-qr.png" npm test --silent
# No server of ours hands out a bad bundle: that one refusal is tried against a server of the test's own.
node --test --test-name-pattern "rolled-back" journey.test.mjs
