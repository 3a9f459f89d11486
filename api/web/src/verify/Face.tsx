// The icon of a result: told apart by shape, since grey print cannot tell the colours.

import type { Outcome } from "../proof/registry";

const SHAPES: Record<Outcome, string> = {
  valid: "M4 12.5 9.5 18 20 6.5",
  invalid: "M5.5 5.5 18.5 18.5 M18.5 5.5 5.5 18.5",
  unconfirmed: "M6.8 8.2a5.2 5.2 0 1 1 7.9 4.4c-1.7 1-2.7 1.8-2.7 3.7 M12 20.6v.2",
};

export function Face({ result }: { result: Outcome }) {
  return (
    <svg class="face" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[result]} />
    </svg>
  );
}
