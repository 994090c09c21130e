// Augmented images per second: our policy (mirror, rotate, translate, zoom, brightness, contrast, saturation, hue, blur) on
// TensorFlow, recorded, against the same in torchvision, PIL and OpenCV on the same processors, taking turns in rounds of a few
// seconds. On built packages:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/augment.mjs [--write]
//     --rounds 3   --seconds 3   --python PATH   --sides ours,torchvision,pil,opencv
//
// --write: puts the table into docs/benchmarks.md. The peers need a Python with torch and torchvision, pillow,
// opencv-python-headless: --python, REGIMEN_PYTHON, or python3; each is skipped where its package is missing.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Child, DISTURBED } from "./sides/child.mjs";
import { machine, median, writeBetween } from "./sides/results.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const CASES = [
  { side: 32, batch: 256 },
  { side: 224, batch: 32 },
];
const SIDES = { ours: "Regimen", torchvision: "torchvision", pil: "PIL", opencv: "OpenCV" };
const MARKS = ["<!-- augment: written by benchmarks/augment.mjs -->", "<!-- augment: end -->"];
/** Milliseconds that one case may lose to other work on the machine. */
const PATIENCE = 30_000;

const { values: options } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    sides: { type: "string", default: Object.keys(SIDES).join() },
    python: { type: "string", default: process.env.REGIMEN_PYTHON ?? "python3" },
  },
});
const sides = options.sides.split(",");

async function measure(of) {
  const running = new Map();
  const skipped = {};
  try {
    for (const side of sides) {
      const ask = JSON.stringify({ ...of, library: side });
      const ours = [process.execPath, here("./side-augment.mjs"), ask];
      const child = new Child(side === "ours" ? ours : [options.python, here("./peers/augment.py"), ask], {
        PYTHONDONTWRITEBYTECODE: "1",
      });
      const why = await child.ready();
      running.set(side, { child, rates: [], others: 0 });
      if (why === undefined) continue;
      skipped[side] = why;
      running.delete(side);
      await child.end();
    }
    const patience = { left: PATIENCE };
    for (let round = 0; round < Number(options.rounds); round++)
      for (const seen of running.values()) {
        const { rate, others } = await seen.child.round(Number(options.seconds), 2, patience);
        seen.rates.push(rate);
        seen.others = Math.max(seen.others, others);
      }
  } finally {
    for (const { child } of running.values()) await child.end();
  }
  const rates = {};
  for (const [side, { child, rates: all, others }] of running) {
    rates[side] = median(all);
    const disturbed = others > DISTURBED ? `; something else took ${others.toFixed(1)} of a processor` : "";
    const { version, mode } = child.about;
    console.log(`${of.side}×${of.side} ${side}: ${all.map(Math.round)} images/s (${version}, ${mode}${disturbed})`);
  }
  for (const [side, why] of Object.entries(skipped)) console.log(`${of.side}×${of.side} ${side}: skipped: ${why}`);
  return { of, rates, skipped, versions: [...running.values()].map(({ child }) => child.about.version) };
}

const found = [];
for (const of of CASES) found.push(await measure(of));

const peers = sides.filter((side) => side !== "ours");
const head = ["images, batch", ...sides.map((side) => SIDES[side]), ...peers.map((side) => `/ ${SIDES[side]}`)];
const lines = found.map(({ of: { side, batch }, rates, skipped }) => [
  `${side}×${side}×3, ${batch}`,
  ...sides.map((name) => (skipped[name] ? `skipped: ${skipped[name]}` : Math.round(rates[name]).toLocaleString("en"))),
  ...peers.map((name) => (rates.ours && rates[name] ? (rates.ours / rates[name]).toFixed(2) : "—")),
]);
const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const versions = [...new Set(found.flatMap((one) => one.versions))].join("; ");
const markdown = `${machine()}. ${versions}. Images/s, medians of ${options.rounds} rounds.\n\n${table}`;
console.log(`\n${markdown}`);
if (options.write) await writeBetween(here("../docs/benchmarks.md"), MARKS, markdown);
