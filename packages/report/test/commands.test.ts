import { describe, expect, it } from "vitest";
import { finalCommand, longerCommands, plainCommand, seedCommand, tryCommand, wholeCommand } from "../src/commands.ts";
import { fixture } from "./fixture.ts";

const report = fixture();
const typed = (command: string | null, chosen: Record<string, string | number> = {}) => ({
  ...report,
  run: { ...report.run, folder: "runs/a", seed: 7, command, chosen },
});

describe("commands that go on from a run", () => {
  const timed = typed(
    "regimen train ./photos --time 5m --budget 0.5 --warm=old.json --workers 2 --backend wasm --quiet",
    {
      "model.architecture": "unet",
      "data.image.size": 64,
      "training.epochs": 11,
    },
  );
  const chosen = "--set model.architecture=unet --set data.image.size=64";

  it("name what was chosen for the time that the run had, so that another machine does not choose otherwise", () => {
    const words = `./photos --budget 0.5 --warm old.json --backend wasm ${chosen} --set training.epochs=11`;
    expect(wholeCommand(timed)).toBe(`npx regimen train ${words} --seed 7`);
    expect(seedCommand(timed)).toBe(`npx regimen train ${words} --seed 8`);
  });

  it("have no settings of a search where there is none, and epochs from the policy or of their own", () => {
    const words = `./photos --backend wasm ${chosen}`;
    expect(finalCommand(timed)).toBe(`npx regimen fit ${words} --policy runs/a/policy.json --seed 7`);
    const plain = plainCommand(timed, 11.2);
    expect(plain).toContain(
      `npx regimen fit ${words} --policy none --set training.epochs=11 --set training.batchSize=`,
    );
    expect(longerCommands(timed)[0]).toMatch(/--out runs\/a-longer$/);
  });

  it("keep what was set by hand", () => {
    const set = typed("npx regimen train --config r.yaml --set search.budget=2 --set training.epochs=9 --no-baseline");
    expect(wholeCommand(set)).toBe(
      "npx regimen train --config r.yaml --set search.budget=2 --set training.epochs=9 --no-baseline --seed 7",
    );
    expect(finalCommand(set)).toBe("npx regimen fit --config r.yaml --policy runs/a/policy.json --seed 7");
  });

  it.each([
    ["regimen train --backend wasm ./photos --budget 2", "./photos --backend wasm"],
    ["regimen train --config r.yaml --set training.batchSize=8", "r.yaml --set training.batchSize=8"],
    [null, "DATA"],
  ])("try one technique on the data of %s", (command, words) => {
    expect(tryCommand(typed(command), "fog")).toBe(`npx regimen try fog --data ${words}`);
  });

  it.each([null, "regimen resume runs/a", "regimen train 'my photos'"])("have a placeholder for %s", (command) => {
    expect(finalCommand(typed(command))).toContain("npx regimen fit DATA --policy");
  });
});
