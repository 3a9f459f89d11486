#!/usr/bin/env bash
# The examples under docs/examples against a real ledger: what a programmer copies from there must work.
#
#   XF_BIN   the program under test (default: target/debug/xuefen)
#   INTEROP_WORK  if set, a line of counts is added to counts.tsv in this folder
#
# Makes a demo, serves it on a free port of loop-back, sends through both examples, stops what it started, and lets
# `xuefen log audit` and `xuefen log prove` judge what came of it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
examples=$root/docs/examples
bin=$(realpath "${XF_BIN:-$root/target/debug/xuefen}")

for tool in node npm python3; do
  command -v "$tool" >/dev/null && continue
  echo "SKIPPED: examples: $tool is missing"
  [ "${CI:-}" != true ] || exit 1
  exit 0
done
[ -x "$bin" ] || { echo "no program at XF_BIN: build it first (make debug)"; exit 1; }

dir=$(mktemp -d)
server= proxy=
stop() {
  [ -n "$1" ] || return 0
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
trap 'stop "$proxy"; stop "$server"; rm -rf "$dir"' EXIT

npm ci --prefix "$examples/node" --no-fund --no-audit --silent
venv=$examples/python/.venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$examples/python/requirements.txt"

"$bin" demo --once --data-dir "$dir/demo" --learners 50 >"$dir/summary.json" 2>"$dir/log"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$bin" serve --data-dir "$dir/demo" --listen "127.0.0.1:$port" >"$dir/log" 2>&1 &
server=$!
base=http://127.0.0.1:$port
for ((tries = 0; ; tries++)); do
  python3 -c "import urllib.request; urllib.request.urlopen('$base/readyz', timeout=5)" 2>/dev/null && break
  if ! kill -0 "$server" 2>/dev/null || ((tries > 100)); then
    cat "$dir/log"
    echo "the ledger did not come up"
    exit 1
  fi
  sleep 0.2
done

# Each example and way of sending gets three rows of its own; where the name says so, nobody is the second's learner.
python3 - "$dir" <<'PY'
import json
import sys

folder = sys.argv[1]
learners = [it["id"] for it in json.load(open(f"{folder}/demo/demo.json", encoding="utf-8"))["learners"]]
nobody = "00000000-0000-4000-8000-000000000000"
for who in ("python", "node"):
    for how in ("one", "lines", "batch", "batch-flaky"):
        for bad in ("", "-bad"):
            with open(f"{folder}/{who}-{how}{bad}.csv", "w", encoding="utf-8") as file:
                print("learner,record,code,title,grade,credits,completed_on", file=file)
                for row in range(3):
                    learner = nobody if bad and row == 1 else learners[row]
                    print(f"{learner},{who}-{how}{bad}-{row},CS101,数据结构,{85 + row},2.0,2026-06-30", file=file)
PY
key=$dir/demo/$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["institution"]["key_file"])' "$dir/summary.json")

passed=0 failed=0
# check WHAT COMMAND…: one case.
check() {
  if "${@:2}" >"$dir/said" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "not ok - $1"
    sed 's/^/    /' "$dir/said"
  fi
}
# send WHO HOW FILE BASE OUT [LANG]: runs an example; what it prints is in OUT, its exit code in $code.
send() {
  local program=("$venv/bin/python" -B "$examples/python/send.py")
  [ "$1" = python ] || program=(node "$examples/node/send.mjs")
  code=0
  "${program[@]}" --base "$4" --key "$key" --as "$2" --lang "${6:-zh}" "$3" >"$5" 2>"$5.err" || code=$?
  cat "$5.err" >>"$dir/log"
}
positions() { sed -n 's/.* position \([0-9]*\)$/\1/p' "$1"; }
# Three positions, each behind the one before.
three() { [ "$(positions "$1" | wc -l)" = 3 ] && positions "$1" | sort -nuc; }
# The checkpoint follows a write within a second; a batch that is refused whole moves it no more.
size() { sleep 1.5; python3 -c "import urllib.request; print(urllib.request.urlopen('$base/log/checkpoint').read().split()[1].decode())"; }

for who in python node; do
  for how in one lines batch; do
    file=$dir/$who-$how out=$dir/$who-$how.out
    send "$who" "$how" "$file.csv" "$base" "$out"
    check "$who $how: all three recorded" [ "$code" = 0 ]
    check "$who $how: three positions" three "$out"
    send "$who" "$how" "$file.csv" "$base" "$out.again"
    check "$who $how: the same bytes again are at the same positions" cmp "$out" "$out.again"
    # Signed anew, the assertions have other ids; one by one the ledger still knows the outcomes.
    if [ "$how" != batch ]; then
      rm "$file.csv.$how.signed"
      send "$who" "$how" "$file.csv" "$base" "$out.anew"
      check "$who $how: signed anew it is the same positions" cmp "$out" "$out.anew"
    fi

    send "$who" "$how" "$file-bad.csv" "$base" "$out.bad"
    check "$who $how: a bad row is exit 1" [ "$code" = 1 ]
    check "$who $how: a bad row says what happened" grep -qx '第 2 行 row 2: 未记录 not recorded, PERSON_UNKNOWN: 没有这个人' "$out.bad"
    check "$who $how: and what to do" grep -qx '    请先登记，或核对编号' "$out.bad"
    send "$who" "$how" "$file-bad.csv" "$base" "$out.bad-en" en
    check "$who $how: in English" grep -qx '    Register the person first, or check the number' "$out.bad-en"
    others=2
    [ "$how" != batch ] || others=0
    check "$who $how: of the other rows $others are recorded" [ "$(positions "$out.bad" | wc -l)" = "$others" ]
  done
  before=$(size)
  send "$who" batch "$dir/$who-batch-bad.csv" "$base" "$out.bad-batch"
  check "$who batch: refused whole" grep -q 'the whole batch: 未记录 not recorded, BATCH_REFUSED' "$out.bad-batch"
  check "$who batch: nothing of it stands in the log" [ "$(size)" = "$before" ]

  # Through a bad network: 503, then an answer that never comes, then the answer.
  python3 -B "$here/flaky.py" "$base" >"$dir/$who-flaky.txt" &
  proxy=$!
  until [ -s "$dir/$who-flaky.txt" ]; do
    kill -0 "$proxy"
    sleep 0.1
  done
  send "$who" batch "$dir/$who-batch-flaky.csv" "http://127.0.0.1:$(head -n 1 "$dir/$who-flaky.txt")" "$out.flaky"
  stop "$proxy"
  proxy=
  check "$who flaky: all three recorded" [ "$code" = 0 ]
  check "$who flaky: three bodies" [ "$(tail -n +2 "$dir/$who-flaky.txt" | wc -l)" = 3 ]
  check "$who flaky: of the same bytes" [ "$(tail -n +2 "$dir/$who-flaky.txt" | sort -u | wc -l)" = 1 ]
  check "$who flaky: recorded once" [ "$(positions "$out.flaky" | head -n 1)" = $((before + 1)) ]
  check "$who flaky: and no second time" [ "$(size)" = $((before + 4)) ]
done

# What one example signed the other can send: the kept file is the same form.
send node batch "$dir/python-batch.csv" "$base" "$dir/crossed.out"
check "node sends what python signed" cmp "$dir/python-batch.out" "$dir/crossed.out"

# A bundle that tells of the keys at those positions: the newest one, once it has followed.
end=$(size)
python3 - "$base/trust/bundle" "$end" "$dir/trust.json" <<'PY'
import json
import sys
import time
import urllib.request

address, end, file = sys.argv[1:]
for _ in range(100):
    bundle = urllib.request.urlopen(address).read()
    if json.loads(bundle)["position"] >= int(end):
        break
    time.sleep(0.2)
open(file, "wb").write(bundle)
PY
stop "$server"
server=
check "log audit" "$bin" log audit --data-dir "$dir/demo"
# proven FILE POSITION: the receipt holds, is of this commit, and the institution's own key signed it.
proven() {
  local said
  said=$("$bin" log prove --verify "$1" --trust "$dir/trust.json") || return
  echo "$said"
  grep -q "^position  *$2 of " <<<"$said" && grep -q '#key-2026-own ' <<<"$said" && grep -qx proven <<<"$said"
}
for who in python node; do
  for how in one lines batch; do
    at=$(positions "$dir/$who-$how.out" | sed -n 2p)
    "$bin" log prove "$at" --data-dir "$dir/demo" >"$dir/receipt" 2>>"$dir/log" || true
    check "$who $how: position $at is proven" proven "$dir/receipt" "$at"
  done
done

[ -z "${INTEROP_WORK:-}" ] || printf 'docs/examples: Python and Node\t%s\t%s\n' "$passed" "$failed" >>"$INTEROP_WORK/counts.tsv"
echo "$passed passed, $failed failed"
exit $((failed > 0))
