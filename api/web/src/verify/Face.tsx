// The icon of a result: told apart by shape, since grey print cannot tell the colours.

import type { Outcome } from "../proof/registry";

const SHAPES: Record<Outcome, string> = {
  valid: "M4 12.5 9.5 18 20 6.5",
  invalid: "M5.5 5.5 18.5 18.5 M18.5 5.5 5.5 18.5",
  unconfirmed: "M8 9a4 4 0 1 1 6 3.4c-1.3.8-2 1.4-2 3.1 M12 19.2v.6",
};

export function Face({ result }: { result: Outcome }) {
  return (
    <svg class="face" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[result]} />
    </svg>
  );
}
