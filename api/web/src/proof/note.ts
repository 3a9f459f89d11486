// Signed notes (C2SP signed-note), the checkpoint in one, and its witnesses (C2SP tlog-cosignature v1).

import { type Bytes, concat, equal, fromBase64, fromUtf8, utf8 } from "./bytes";
import type { Engine } from "./engine";

const NOTE_BYTES_MAX = 1 << 20;
const SIGNATURES_MAX = 64;
const TYPE_ED25519 = 1;
const TYPE_COSIGNATURE = 4;

interface Signature {
  name: string;
  keyId: Bytes;
  bytes: Bytes;
}

export interface Note {
  /** What is signed, its final newline included. */
  text: string;
  signatures: Signature[];
}

export interface NamedKey {
  name: string;
  key: Bytes;
}

function parseSignature(line: string): Signature | null {
  const [, name, base64] = /^— ([^\s\p{Cc}+]+) (\S+)$/u.exec(line) ?? [];
  const bytes = base64 === undefined ? null : fromBase64(base64);
  if (name === undefined || !bytes || bytes.length < 5) return null;
  return { name, keyId: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

/** The note that `bytes` are, not yet checked against a key. */
export function parse(bytes: Bytes): Note | null {
  const note = bytes.length <= NOTE_BYTES_MAX ? fromUtf8(bytes) : null;
  if (note === null || /[\u0000-\u0009\u000b-\u001f]/.test(note) || !note.endsWith("\n")) return null;
  const at = note.lastIndexOf("\n\n");
  if (at < 0) return null;
  const lines = note.slice(at + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) return null;
  const signatures: Signature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (!signature) return null;
    signatures.push(signature);
  }
  return { text: note.slice(0, at + 1), signatures };
}

async function keyId(engine: Engine, type: number, { name, key }: NamedKey): Promise<Bytes> {
  const hash = await engine.sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), key));
  return hash.slice(0, 4);
}

async function linesBy(engine: Engine, note: Note, type: number, by: NamedKey): Promise<Bytes[]> {
  const id = await keyId(engine, type, by);
  return note.signatures
    .filter((line) => line.name === by.name && equal(line.keyId, id))
    .map((line) => line.bytes);
}

/** Whether `by` signed the note: at least one line by this key, and none of them false. */
export async function isSignedBy(engine: Engine, note: Note, by: NamedKey): Promise<boolean> {
  const lines = await linesBy(engine, note, TYPE_ED25519, by);
  const message = utf8(note.text);
  for (const line of lines) {
    if (!(await engine.verify(by.key, message, line))) return false;
  }
  return lines.length > 0;
}

/** Whether a witness's line holds: a timestamp, and a signature over it and the note's text. */
async function isCosigned(engine: Engine, note: Note, key: Bytes, line: Bytes): Promise<boolean> {
  if (line.length !== 72) return false;
  const time = new DataView(line.buffer, line.byteOffset).getBigUint64(0);
  // C2SP: the timestamp fits a signed 64-bit integer.
  if (time >> 63n !== 0n) return false;
  const message = utf8(`cosignature/v1\ntime ${time}\n${note.text}`);
  return engine.verify(key, message, line.slice(8));
}

/** How many of `witnesses` cosigned; one key counts once, and one false line leaves none. */
export async function cosigners(engine: Engine, note: Note, witnesses: NamedKey[]): Promise<number> {
  const counted: Bytes[] = [];
  for (const witness of witnesses) {
    for (const line of await linesBy(engine, note, TYPE_COSIGNATURE, witness)) {
      if (!(await isCosigned(engine, note, witness.key, line))) return 0;
      if (!counted.some((key) => equal(key, witness.key))) counted.push(witness.key);
    }
  }
  return counted.length;
}

export interface Checkpoint {
  origin: string;
  size: bigint;
  root: Bytes;
}

/** Origin, size and root of a note's text; lines behind them are extensions. */
export function checkpoint(note: Note): Checkpoint | null {
  const lines = note.text.slice(0, -1).split("\n");
  const [origin, size, root] = lines;
  if (!origin || !size || !root || lines.includes("")) return null;
  const hash = fromBase64(root);
  if (!/^(0|[1-9]\d{0,19})$/.test(size) || hash?.length !== 32) return null;
  return { origin, size: BigInt(size), root: hash };
}
