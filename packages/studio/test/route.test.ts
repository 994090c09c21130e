import { expect, it } from "vitest";
import { routeOf, toCompare, toRun } from "../src/client/route.ts";

it("finds the way back from every address, whatever a run is called", () => {
  for (const id of ["a", "a/b", "../x", "#", "%", "%2f", "<b>", "compare", "ü ñ", "?run=a"]) {
    expect(routeOf(toRun(id))).toEqual({ at: "run", id, tab: "" });
    expect(routeOf(toRun(id, "data"))).toEqual({ at: "run", id, tab: "data" });
    expect(routeOf(toCompare([id, "b"]))).toEqual({ at: "compare", ids: [id, "b"] });
  }
});

it("leads to the list from everywhere else", () => {
  for (const hash of ["", "#", "#/", "#/run", "#/run/", "#/run/%", "#/compare/a", "#/else", "#token=x"])
    expect(routeOf(hash)).toEqual({ at: "runs" });
});
