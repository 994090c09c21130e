import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { World } from "../../native/test/world.ts";
import { cli } from "./fake.ts";

const windows = process.platform === "win32";

/** A machine of pretence with a Python that has TensorFlow, and what a call of `regimen native` gets of it. */
function machine(more: ConstructorParameters<typeof World>[0] = {}) {
  const world = new World();
  world.become({ tensorflow: world.tensorflow("2.21.0"), ...more });
  return { world, call: { cwd: world.root, env: world.env } };
}

const title = `regimen native${windows ? " (skipped: Windows runs no scripts by their first line)" : ""}`;

describe.skipIf(windows)(title, () => {
  it("says what it found, what it did and how long each step took", async () => {
    const { world, call } = machine();
    const { code, out, err } = await cli(["native"], call);
    expect(code).toBe(0);
    expect(err).toMatch(
      /^ {2}0:\d\d +fetching @tensorflow\/tfjs-node@4.22.0 from npm\n {2}0:\d\d +compiling the binding\n {2}0:\d\d +proving that it works\n$/,
    );
    const told = out.replaceAll(/\s+/g, " ");
    expect(told).toContain("TensorFlow 2.21.0 works here, on the processor, through @tensorflow/tfjs-node 4.22.0");
    expect(told).toMatch(/passed over tfjs-node's own binary: /);
    expect(told).toContain(`from Python 3.12 in ${world.root}`);
    const again = await cli(["native", "--python", "."], call);
    expect(again.out).toContain("to build it again: regimen native --force");
  });

  it("gives the same as JSON", async () => {
    const { world, call } = machine();
    const { code, out } = await cli(["native", "--python", "bin/python3", "--json"], call);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      package: "@tensorflow/tfjs-node",
      version: "4.22.0",
      tensorflow: "2.21.0",
      gpu: false,
      way: "installed",
      from: `Python 3.12 in ${world.root}`,
      folder: join(world.cache, `tfjs-node-4.22.0-tf2.21.0-cpu-${process.platform}-${process.arch}`),
      built: true,
      tried: [],
      seconds: expect.any(Number),
    });
  });

  it("a machine where nothing leads there is exit code 1, a slip is 2", async () => {
    const { call } = machine({ compiler: "fails" });
    const failed = await cli(["native", "--python", ".", "--quiet"], call);
    expect([failed.code, failed.out]).toEqual([1, ""]);
    expect(failed.err).toMatch(/^regimen: REG_BACKEND_UNAVAILABLE: .* could not compile the binding/);
    const slip = await cli(["native", "--python", "./nowhere", "--quiet"], call);
    expect(slip).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^regimen: REG_USAGE: "\.\/nowhere" is no Python 3/),
    });
  });

  it("an interrupt leaves nothing behind", async () => {
    const { world, call } = machine({ compiler: "hangs" });
    const onInterrupt = (stop: () => void) => {
      const timer = setInterval(() => world.calls.some((line) => line.startsWith("c++")) && stop(), 20);
      return () => clearInterval(timer);
    };
    const { code, err } = await cli(["native", "--python", "."], { ...call, onInterrupt });
    expect([code, err.trim().split("\n").at(-1)]).toEqual([130, "regimen: interrupted"]);
    expect(readdirSync(world.cache)).toEqual([]);
  });
});
