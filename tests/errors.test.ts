import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "@regimen/core";

describe("docs/errors.md", () => {
  const page = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `(REG_[A-Z_]+)` +\|/gm)].map((match) => match[1]!);

  it("lists every code, once, and no other", () => {
    expect(listed.toSorted()).toEqual(ERROR_CODES.toSorted());
  });
});
