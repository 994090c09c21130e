import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RegimenEvent } from "@regimen/contracts";
import { readStatus, withStatus } from "@regimen/run-folder";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "regimen-status-"));
  writeFileSync(join(folder, "run.json"), "{}");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stage: RegimenEvent = { kind: "stage", stage: "search", message: "searching", secondsLeft: 90 };
const progress = (images: number): RegimenEvent => ({
  kind: "progress",
  training: "trial/1",
  images,
  of: 100,
  imagesPerSecond: 50,
  secondsLeft: 60,
});

describe("a run's status", () => {
  it("says who works on it and how far it is, and passes every event on", async () => {
    const told: RegimenEvent[] = [];
    const result = await withStatus(
      folder,
      (event) => told.push(event),
      async (emit) => {
        emit(stage);
        expect(readStatus(folder)).toMatchObject({
          state: "running",
          pid: process.pid,
          stage: { name: "search", message: "searching" },
          training: null,
          secondsLeft: 90,
        });
        await new Promise((resolve) => setTimeout(resolve, 550));
        emit(progress(10));
        emit(progress(20)); // too soon after the last
        const training = { name: "trial/1", images: 10, of: 100, imagesPerSecond: 50 };
        expect(readStatus(folder)).toMatchObject({ training, secondsLeft: 60 });
        return "done";
      },
    );
    expect(result).toBe("done");
    expect(told).toEqual([stage, progress(10), progress(20)]);
    expect(readStatus(folder)).toMatchObject({ state: "finished", training: null, secondsLeft: null, why: null });
  });

  it.each([
    ["stopped", new DOMException("stop", "AbortError"), null],
    ["failed", new Error("no luck"), "no luck"],
  ])("is %s at the end, and the error goes on", async (state, error, why) => {
    const job = withStatus(
      folder,
      () => undefined,
      async (emit) => {
        emit(stage);
        throw error;
      },
    );
    await expect(job).rejects.toBe(error);
    expect(readStatus(folder)).toMatchObject({ state, why });
  });

  it("leaves alone what is not its own: a job that failed before its first event, a folder without a run, none at all", async () => {
    const before = { format: 1, state: "running", pid: 1 };
    writeFileSync(join(folder, "status.json"), JSON.stringify(before));
    const refused = new Error("exists");
    await expect(
      withStatus(
        folder,
        () => undefined,
        () => Promise.reject(refused),
      ),
    ).rejects.toBe(refused);
    expect(readStatus(folder)).toEqual(before);
    rmSync(join(folder, "run.json"));
    const work = async (emit: (event: RegimenEvent) => void) => emit(stage);
    await withStatus(folder, () => undefined, work);
    expect(JSON.parse(readFileSync(join(folder, "status.json"), "utf8"))).toEqual(before);
    await withStatus(join(folder, "none"), () => undefined, work);
    await withStatus(undefined, () => undefined, work);
    expect(existsSync(join(folder, "none"))).toBe(false);
  });

  it("is nothing where it cannot be read", () => {
    expect(readStatus(folder)).toBeNull();
    for (const text of ["", "{", "null", "[]", '{"format":1,"pid":"7"}']) {
      writeFileSync(join(folder, "status.json"), text);
      expect(readStatus(folder)).toBeNull();
    }
  });
});
