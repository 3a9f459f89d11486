#!/usr/bin/env bash
# Other people's software checks our credentials, ours checks theirs (docs/INTEROP.md).
#
#   XF_BIN     the program under test (default: target/debug/xuefen)
#   XF_SHARED  the folder whose data/credentials holds the published contexts and schemas (default: ../shared)
#
# Installs what is missing, serves a demo on a free port of loop-back, runs everything, stops what it started.
# The examples under docs/examples run at the end (tests/examples/run.sh).
# Where node or python3 is missing it says so and stops: with 0, or with 1 if CI=true.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

XF_BIN=$(realpath "${XF_BIN:-$root/target/debug/xuefen}")
XF_SHARED=$(realpath -m "${XF_SHARED:-$root/../shared}")
export XF_BIN XF_SHARED

skip() {
  echo "SKIPPED: $1"
  [ "${CI:-}" != true ] || exit 1
  exit 0
}
for tool in node npm python3; do
  command -v "$tool" >/dev/null || skip "interop: $tool is missing"
done
[ -x "$XF_BIN" ] || { echo "no program at XF_BIN: build it first (make debug)"; exit 1; }
if ! command -v zbarimg >/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || skip "interop: zbarimg is missing (Debian: zbar-tools)"
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq zbar-tools >/dev/null
fi

if [ ! -d "$XF_SHARED/data/credentials/contexts" ]; then
  echo "SKIPPED: every test that needs the published contexts and schemas; they are not in XF_SHARED"
  [ "${CI:-}" != true ] || exit 1
fi

INTEROP_WORK=$(mktemp -d)
export INTEROP_WORK
demo=
finish() {
  if [ -n "$demo" ]; then
    kill "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
  fi
  rm -rf "$INTEROP_WORK"
}
trap finish EXIT

# The demo loads while the packages are fetched.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export XF_BASE=http://127.0.0.1:$port XF_DEMO=$INTEROP_WORK/demo/demo.json
"$XF_BIN" demo --data-dir "$INTEROP_WORK/demo" --listen "127.0.0.1:$port" --learners 50 >"$INTEROP_WORK/demo.log" 2>&1 &
demo=$!

echo "== packages"
npm ci --prefix "$here/node" --no-fund --no-audit --silent
venv=$here/python/.venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/python/requirements.txt"

echo "== demo"
# What the demo prints last is that it is ready; by then its files stand and its door is open.
for ((tries = 0; ; tries++)); do
  grep -q '^ready in' "$INTEROP_WORK/demo.log" && break
  if ! kill -0 "$demo" 2>/dev/null || ((tries > 600)); then
    tail -n 20 "$INTEROP_WORK/demo.log"
    echo "the demo did not come up"
    exit 1
  fi
  sleep 0.2
done
node "$here/node/prepare.js"
for form in short receipt; do
  zbarimg --quiet --raw --nodbus -Sdisable -Sqrcode.enable "$INTEROP_WORK/qr-$form-300.png" >"$INTEROP_WORK/qr-$form.txt"
done

failed=0
echo "== node"
(cd "$here/node" && node --test --test-reporter=spec test/) || failed=1
for test in cose codes; do
  echo "== python: $test"
  "$venv/bin/python" -B "$here/python/${test}_test.py" || failed=1
done

echo "== mail"
(cd "$root" && XF_SMTPD_PYTHON=$venv/bin/python XF_OIDC_PROVIDER=1 \
  cargo test --quiet --package tests --test it -- telling::mail sign_in::interop) || failed=1

echo "== examples"
bash "$root/tests/examples/run.sh" || failed=1

echo "== counts"
python3 - "$INTEROP_WORK/counts.tsv" <<'PY' || failed=1
import sys

rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[1], encoding="utf-8")]
passed, failed = (sum(int(row[at]) for row in rows) for at in (1, 2))
for name, right, wrong in rows:
    print(f"{right:>6} {wrong:>4}  {name}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
PY
exit "$failed"
