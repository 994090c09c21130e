// Table and page of benchmarks/safety.mjs, made from its rows alone.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import prettier from "prettier";
import { told } from "../sides/statistics.mjs";

const SIZE = ["set", "model", "images", "epochs"];
const STATES = ["on", "refused", "refused without evidence", "off"];

function groupsOf(rows) {
  const groups = new Map();
  for (const row of rows) {
    const key = SIZE.map((name) => row[name]).join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** "refused 9, off 1". */
function counted(rows, transform) {
  const words = STATES.map((state) => [state, rows.filter((row) => row[transform].state === state).length]);
  return words.flatMap(([state, count]) => (count ? `${state} ${count}` : [])).join(", ");
}

/** The clearest and the weakest proof: "12 of 14 flipped, p 3e-9". */
function proofs(rows, transform) {
  const found = rows.map((row) => row[transform].evidence).filter((evidence) => typeof evidence?.p === "number");
  if (!found.length) return "";
  const weakest = found.reduce((a, b) => (b.p > a.p ? b : a));
  return `${weakest.flipped} of ${weakest.of}, p ${weakest.p.toExponential(0)}`;
}

export function tableOf(rows) {
  const head = [
    "set",
    "model, images, epochs",
    "seeds",
    "mirror",
    "weakest proof",
    "rotation",
    "weakest proof",
    "seconds",
  ];
  const lines = groupsOf(rows).map((group) => {
    const done = group.filter((row) => !row.failed);
    const [{ set, model, images, epochs }] = group;
    if (!done.length) return [set, `${model}, ${images}, ${epochs}`, 0, "", "", "", "", ""];
    return [
      set,
      `${model}, ${done[0].pictures.toLocaleString("en")}, ${epochs}`,
      done.length,
      counted(done, "mirror"),
      proofs(done, "mirror"),
      counted(done, "rotate"),
      proofs(done, "rotate"),
      told(
        done.map((row) => row.seconds),
        0,
      ),
    ];
  });
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** How many seeds did what the set demands. */
function demanded(rows, sets) {
  return groupsOf(rows).flatMap((group) => {
    const done = group.filter((row) => !row.failed);
    const [{ set, model, images, epochs }] = group;
    const { dangerous, safe } = sets[set];
    const size = `${set} (${model}, ${images} images, ${epochs} epochs)`;
    const of = (count) => `${count} of ${done.length} seeds`;
    const failed = group
      .filter((row) => row.failed)
      .map(({ seed, failed: why }) => `- ${size}, seed ${seed} failed: ${why}`);
    if (safe)
      return [`- ${size}: ${safe} on in ${of(done.filter((row) => row[safe].state === "on").length)}.`, ...failed];
    const out = done.filter((row) => row[dangerous].state === "refused").length;
    const through = [...new Set(done.flatMap((row) => row[dangerous].through))].map((use) => `\`${use}\``);
    const how = through.length ? ` It came in by ${through.join(", ")}.` : "";
    return [`- ${size}: ${dangerous} off and refused with evidence in ${of(out)}.${how}`, ...failed];
  });
}

export async function writePage(root, rows, sets) {
  const file = join(root, "docs/safety.md");
  const text = `# Whether the search refuses what the data forbid

\`node benchmarks/safety.mjs --data shoes --data tilted --data halves --data cifar10 --cifar FOLDER --write\`: one search of the regularization metalearner, a budget of one plain run, for each set and seed;
a tenth of the images is held out. The seed draws the pictures, the split, the first weights and the order.

${Object.entries(sets)
  .map(
    ([name, { about, dangerous, safe }]) =>
      `- **${name}**: ${about}. ${dangerous ? `Fatal: ${dangerous}.` : `Harmless: ${safe}.`}`,
  )
  .join("\n")}

"On" counts techniques that do the same: the alternating mirror; quarter turns, and what draws rotations among other transforms. "Refused": with the counts and the
probability of the test in the policy.

${tableOf(rows)}

${demanded(rows, sets).join("\n")}
`;
  const options = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...options, filepath: file }));
}
