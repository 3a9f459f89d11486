// Inclusion proofs. If a false one is taken, somebody's word stands in for the public log.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Bytes, concat, utf8 } from "../src/proof/bytes";
import { isIncluded } from "../src/proof/merkle";
import { checkpoint, cosigners, isSignedBy, parse } from "../src/proof/note";
import { LOG, WITNESS } from "./published";
import { type Signer, engines, named, sha256 } from "./support";

/** Root and paths of a tree, by the definition of RFC 6962 §2.1. */
function root(leaves: Bytes[]): Bytes {
  const [first] = leaves;
  if (!first) return sha256("");
  if (leaves.length === 1) return first;
  const split = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return sha256(concat(Uint8Array.of(1), root(leaves.slice(0, split)), root(leaves.slice(split))));
}

function path(leaves: Bytes[], at: number): Bytes[] {
  if (leaves.length <= 1) return [];
  const split = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return at < split ? [...path(left, at), root(right)] : [...path(right, at - split), root(left)];
}

test("a path leads to the root from its own leaf and place only", async () => {
  const [engine] = await engines();
  assert.ok(engine);
  for (let size = 1; size <= 17; size++) {
    const leaves = Array.from({ length: size }, (_, n) => sha256(Uint8Array.of(0, n)));
    const top = root(leaves);
    for (let at = 0; at < size; at++) {
      const steps = path(leaves, at);
      const leaf = leaves[at] as Bytes;
      assert.ok(await isIncluded(engine, leaf, at, size, steps, top), `${at} of ${size}`);
      assert.ok(!(await isIncluded(engine, leaf, at, size, [...steps, top], top)), "one too many");
      assert.ok(!(await isIncluded(engine, leaf, size, size, steps, top)), "beyond the tree");
      if (steps.length > 0) {
        assert.ok(!(await isIncluded(engine, leaf, at, size, steps.slice(1), top)), "one too few");
        assert.ok(!(await isIncluded(engine, top, at, size, steps, top)), "another leaf");
      }
    }
  }
});

function line(name: string, type: number, key: Signer, body: Bytes): string {
  const id = sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), key.pub)).slice(0, 4);
  return `— ${name} ${Buffer.from(concat(id, body)).toString("base64")}\n`;
}

const ORIGIN = "xf.example.org/log/1";
const TEXT = `${ORIGIN}\n9\n${Buffer.from(sha256("root")).toString("base64")}\n`;

function cosignature(name: string, key: Signer, text = TEXT, time = 1_700_000_000n): string {
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, time);
  const signed = key.sign(utf8(`cosignature/v1\ntime ${time}\n${text}`));
  return line(name, 4, key, concat(stamp, signed));
}

test("a checkpoint counts under the log's name and key, and each witness once", async () => {
  const log = named(LOG);
  const witness = named(WITNESS);
  const by = { name: ORIGIN, key: log.pub };
  const good = line(ORIGIN, 1, log, log.sign(utf8(TEXT)));
  const said = cosignature("w", witness);
  for (const engine of await engines()) {
    const read = (signatures: string) => {
      const note = parse(utf8(`${TEXT}\n${signatures}`));
      assert.ok(note);
      return note;
    };
    const note = read(good + said + said);
    assert.deepEqual(checkpoint(note), { origin: ORIGIN, size: 9n, root: sha256("root") });
    assert.ok(await isSignedBy(engine, note, by));
    assert.ok(!(await isSignedBy(engine, note, { ...by, name: "another" })));
    assert.ok(!(await isSignedBy(engine, read(said), by)), "unsigned");
    const wrong = line(ORIGIN, 1, log, log.sign(utf8("something else")));
    assert.ok(!(await isSignedBy(engine, read(good + wrong), by)), "a false line condemns");
    const w = { name: "w", key: witness.pub };
    assert.equal(await cosigners(engine, note, [w, { ...w, name: "v" }, w]), 1);
    assert.equal(await cosigners(engine, read(good + cosignature("w", witness, "x")), [w]), 0);
    assert.equal(await cosigners(engine, read(cosignature("w", witness, TEXT, 1n << 63n)), [w]), 0);
  }
});

test("what is no note is none", () => {
  const sign = `— a ${Buffer.from("idididsig").toString("base64")}\n`;
  assert.ok(parse(utf8(`a\n\n${sign}`)));
  const bad = [`a\n${sign}`, `a\n\n`, `a\n\n${sign.trim()}`, `a\t\n\n${sign}`, `a\n\n- a aaaa\n`, `a\n\n— a+b aaaaaaaa\n`, `a\n\n— a YQ==\n`];
  for (const text of bad) assert.equal(parse(utf8(text)), null, JSON.stringify(text));
  assert.ok(parse(utf8(`a\n\n${sign.repeat(64)}`)));
  assert.equal(parse(utf8(`a\n\n${sign.repeat(65)}`)), null);
});
