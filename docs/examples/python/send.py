"""Signs the rows of a CSV file with an institution's own key and sends them to a Xuefen ledger.

    python send.py --base https://xf.example.org --key our.key --as one|lines|batch rows.csv

What is signed is written to `rows.csv.<as>.signed` before it is first sent, and is sent from there: whatever
happens to the network or to this program, the next run sends the same bytes, and those are recorded once.
Exit 0: every row stands in the ledger; 1: something was refused; 75: no answer, run it again.
"""

import argparse
import csv
import hashlib
import io
import json
import sys
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from assertion import Signer

MEDIA = {"one": "application/jose", "lines": "application/x-ndjson", "batch": "application/vnd.xuefen.batch+json"}
ROWS_MAX = 1_000  # members of a signed batch, lines of a body
LATER = (429, 502, 503, 504)  # nothing is wrong with what was sent
TRIES = 8


def ask(address, body=None, **headers):
    """The ledger's answers, one or one a line. Asks again, with the same bytes, until there is one."""
    for tries in range(TRIES):
        pause = 2 ** tries / 2
        try:
            try:
                answer = urlopen(Request(address, body, headers), timeout=30)
            except HTTPError as refusal:
                answer = refusal
            with answer:
                wait = answer.headers.get("Retry-After", "")
                pause = int(wait) if wait.isdigit() else pause
                form, text = answer.headers.get_content_type(), answer.read().decode()
            if answer.status not in LATER:
                if ("json" in form) != bool(body):
                    sys.exit(f"{address}: {answer.status}, {form}")  # this is not the ledger, or no address of it
                answers = text.rstrip("\n").split("\n") if form == MEDIA["lines"] else [text]
                answers = [json.loads(it) if "json" in form else {"text": it} for it in answers]
                # Of many lines some may have met a full queue; those that did not will answer as before.
                if not any(it.get("status") in LATER for it in answers):
                    return answers
        except (OSError, HTTPException) as trouble:  # no connection, none any more, or no answer in time
            print(trouble, file=sys.stderr)
        print(f"再试 trying again: {pause:g} s", file=sys.stderr, flush=True)
        time.sleep(pause)
    sys.exit(75)


def signed_bodies(args):
    """What an earlier run signed from the same rows; else signs them now."""
    rows, signed = Path(args.rows).read_bytes(), Path(f"{args.rows}.{args.how}.signed")
    digest = hashlib.sha256(rows).hexdigest()
    if signed.exists() and (kept := json.loads(signed.read_text("ascii")))["of"] == digest:
        return kept["bodies"]
    table = list(csv.DictReader(io.StringIO(rows.decode("utf-8-sig"), newline="")))
    if not 0 < len(table) <= ROWS_MAX:
        sys.exit(f"{args.rows}: 1 to {ROWS_MAX} rows, not {len(table)}")
    signer = Signer(args.key, ask(f"{args.base}/log/checkpoint")[0]["text"])
    outcomes = []
    for row in table:
        try:
            outcomes.append(signer.outcome(row))
        except (AttributeError, KeyError, ValueError) as flaw:  # a cell or column too few, a learner that is no UUID
            sys.exit(f"第 {len(outcomes) + 1} 行 row {len(outcomes) + 1}: {flaw}")
    kept = {"of": digest, "bodies": signer.bodies(outcomes, args.how)}
    fresh = Path(f"{signed}.new")
    fresh.touch(0o600)  # it holds the opened values
    fresh.write_text(json.dumps(kept), "ascii")
    fresh.rename(signed)  # all of it or nothing
    return kept["bodies"]


def say(name, answer):
    """Where it stands now; or what happened, what exactly, and what to do."""
    if "code" not in answer:
        print(f"{name}: 位置 position {answer['position']}")
    else:
        print(f"{name}: 未记录 not recorded, {answer['code']}: {answer['title']}")
        print("".join(f"    {answer[part]}\n" for part in ("detail", "action") if answer.get(part)), end="")


def main():
    """Sends what is signed and says what became of each row."""
    parser = argparse.ArgumentParser(description="Signs outcomes with an institution's own key and sends them.")
    parser.add_argument("--base", required=True, help="address of the ledger")
    parser.add_argument("--key", required=True, help="the institution's key file")
    parser.add_argument("--as", dest="how", choices=MEDIA, default="batch")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="of the ledger's refusals")
    parser.add_argument("rows", help="CSV, UTF-8: learner,record,code,title,grade,credits,completed_on")
    args = parser.parse_args()
    answers, headers = [], {"Accept-Language": args.lang, "Content-Type": MEDIA[args.how]}
    for body in signed_bodies(args):
        answers += ask(f"{args.base}/v1/assertions", body.encode(), **headers)
    refused = any("code" in answer for answer in answers)
    if args.how == "batch" and refused:
        say("整批 the whole batch", answers[0])
        answers = answers[0].get("members", [])
    elif args.how == "batch":  # the envelope is a commit too; its members stand behind it, in order
        answers = [{"position": answers[0]["position"] + 1 + at} for at in range(answers[0]["count"])]
    for at, answer in enumerate(answers):
        at = answer.get("index", at) + 1
        say(f"第 {at} 行 row {at}", answer)
    sys.exit(refused)


if __name__ == "__main__":
    main()
