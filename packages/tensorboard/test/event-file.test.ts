import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EventFile, readEvents } from "@regimen/tensorboard";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "regimen-events-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("EventFile", () => {
  it("writes what it reads back, and bytes that were worked out by hand", () => {
    const file = new EventFile(join(folder, "a"), 0);
    file.add({ time: 1.5, step: 3, values: [{ tag: "l", scalar: 0.5 }] });
    const bytes = readFileSync(file.path);
    expect(readEvents(bytes)).toEqual([{ time: 1.5, step: 3, values: [{ tag: "l", scalar: 0.5 }] }]);
    // The head: 24 bytes of data (9 of a double that is 0, 15 of the version), in a frame of 16 more.
    const head = bytes.subarray(0, 40);
    expect(head.readBigUInt64LE(0)).toBe(24n);
    expect(head.subarray(12, 36).toString("hex")).toBe(
      `0900000000000000001a0d${Buffer.from("brain.Event:2").toString("hex")}`,
    );
    const event = bytes.subarray(52, bytes.length - 4);
    // time, step, summary { value { tag "l", simple_value 0.5 } }
    expect(event.toString("hex")).toBe("09000000000000f83f10032a0a0a080a016c150000003f");
    expect(bytes.readBigUInt64LE(40)).toBe(BigInt(event.length));
  });

  it("masks CRC-32C as TFRecord does", () => {
    // The check value of CRC-32C, of "123456789", is e3069283.
    const file = new EventFile(join(folder, "crc"), 0);
    const bytes = readFileSync(file.path);
    const slow = (data: Uint8Array): number => {
      let crc = 0xffffffff;
      for (const byte of data) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
      return ~crc >>> 0;
    };
    expect(slow(Buffer.from("123456789")).toString(16)).toBe("e3069283");
    const mask = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    expect(bytes.readUInt32LE(8)).toBe(mask(slow(bytes.subarray(0, 8))));
    expect(bytes.readUInt32LE(36)).toBe(mask(slow(bytes.subarray(12, 36))));
  });

  it("leaves out a torn end, and tells damage from it", () => {
    const file = new EventFile(join(folder, "b"), 0);
    for (let step = 0; step < 3; step++) file.add({ time: step, step, values: [{ tag: "loss", scalar: step }] });
    const bytes = readFileSync(file.path);
    expect(readEvents(bytes.subarray(0, -5)).map(({ step }) => step)).toEqual([0, 1]);
    const damaged = Buffer.from(bytes);
    damaged[damaged.length - 10]! ^= 1;
    expect(() => readEvents(damaged)).toThrow(/damaged at byte/);
  });

  it("goes on where it was killed, and is told nothing twice", () => {
    const begin = () => new EventFile(join(folder, "d"), 100);
    const at = (step: number) => ({ time: step, step, values: [{ tag: "loss", scalar: step }] });
    const first = begin();
    for (const step of [1, 2, 3]) first.add(at(step));
    writeFileSync(first.path, readFileSync(first.path).subarray(0, -3));
    const second = begin();
    expect(second.path).toBe(first.path);
    for (const step of [2, 3, 4]) second.add(at(step));
    expect(readEvents(readFileSync(first.path)).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  const python = spawnSync("python3", ["-c", "import tensorboard"]).status === 0;
  it.skipIf(!python)(`is read by TensorBoard itself${python ? "" : " (skipped: no tensorboard in Python)"}`, () => {
    const file = new EventFile(join(folder, "c"));
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    file.add({ time: 2, step: 7, values: [{ tag: "loss", scalar: 0.25 }] });
    file.add({ time: 3, step: 8, values: [{ tag: "batch", png, width: 1, height: 1 }] });
    const script = join(folder, "read.py");
    writeFileSync(
      script,
      [
        "import sys, json",
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator",
        "a = EventAccumulator(sys.argv[1]); a.Reload()",
        "s, i = a.Scalars('loss')[0], a.Images('batch')[0]",
        "print(json.dumps([s.step, s.value, s.wall_time, i.step, i.width, i.height]))",
      ].join("\n"),
    );
    const { stdout } = spawnSync("python3", [script, join(folder, "c")], { encoding: "utf8" });
    expect(JSON.parse(stdout)).toEqual([7, 0.25, 2, 8, 1, 1]);
  });
});
