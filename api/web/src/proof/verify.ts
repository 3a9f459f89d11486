// The pipeline (docs/VERIFY.md): one answer from a text, a trust bundle and a clock. The Rust engine is
// credentials/src/verify; both are held to the same vectors. Nothing is fetched here.

export type { Facts, Verdict } from "./answer";
export { open, update } from "./bundle";
export { verifyCode } from "./code";
export { verifyDocument } from "./credential";
export { engine } from "./engine";
