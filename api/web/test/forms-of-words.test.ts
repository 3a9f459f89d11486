// What a reader sees of names and dates. If masking fails, a gate learns a name nobody chose to show.

import assert from "node:assert/strict";
import { test } from "node:test";

import { masked, moment, day } from "../src/words/forms";

test("a full name is masked, a masked one stays", () => {
  const names = { 王秀英: "王*英", 王英: "王*", 王: "王", "王*明": "王*明", 欧阳修文: "欧*文" };
  for (const [name, shown] of Object.entries(names)) assert.equal(masked(name), shown);
});

test("dates are written as each language does", () => {
  assert.match(day("2026-01-15T09:00:00Z", "zh"), /^2026年1月15日$/);
  assert.match(moment("2026-01-15T09:00:00Z", "en"), /January 15, 2026/);
});
