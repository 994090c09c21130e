// What a policy does with one transform, by whatever technique it would come in.
const PREFIX = "@regimen/technique-augment/";
/** Techniques that do the same to a picture. */
const KIN = { mirror: ["mirror", "alternating-mirror"], rotate: ["rotate", "rot90"] };
/** Techniques that draw among many transforms, the rotation among them; none of them mirrors. */
const DRAWING = ["randaugment", "trivialaugment", "autoaugment"];

/**
 * "on", "refused" (the data say so: a test's probability is in the evidence), "refused without evidence", "off" (nobody spoke of it).
 * `through`: the techniques that do it.
 */
export function outcomeOf({ steps }, transform) {
  const refusal = steps.find(({ use, refused }) => refused && use === `${PREFIX}${transform}`)?.refused;
  const through = steps.filter((step) => !step.refused && does(step, transform)).map(({ use }) => use);
  const proven = typeof refusal?.evidence?.p === "number";
  const state = through.length ? "on" : proven ? "refused" : refusal ? "refused without evidence" : "off";
  return { state, proven, through, evidence: refusal?.evidence ?? null };
}

function does({ use, with: params }, transform) {
  if (KIN[transform].some((name) => use === `${PREFIX}${name}`)) return true;
  if (use === `${PREFIX}cluster`) return drawn(params).some((name) => KIN[transform].includes(name));
  const without = String(params.without ?? "").split(/\s+/);
  return (
    transform === "rotate" && DRAWING.some((name) => use.endsWith(`technique-${name}`)) && !without.includes("rotate")
  );
}

/** Transforms of the cluster that a policy draws from: "rotate:0.3 blur:0.2 | …", `m` counted from 1. */
function drawn({ table, m }) {
  const clusters = String(table).split("|");
  const own = clusters[Math.min(m, clusters.length) - 1] ?? "";
  return own
    .trim()
    .split(/\s+/)
    .map((word) => word.split(":")[0]);
}
