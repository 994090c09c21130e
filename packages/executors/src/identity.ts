import { RegimenError, type Identity, type Json } from "@regimen/contracts";

/** Throws REG_WORKER_MISMATCH where a worker has not what the run was begun with, and names what. */
export function refuse(run: Identity, worker: Identity): void {
  const other = [...new Set([...Object.keys(run), ...Object.keys(worker)])].filter(
    (key) => !same(run[key], worker[key]),
  );
  if (!other.length) return;
  const told = other.map((key) => `${key}: ${differences(run[key], worker[key])}`).join("; ");
  throw new RegimenError(
    "REG_WORKER_MISMATCH",
    `this worker has not what the run was begun with (${told}); install the same versions and plug-ins, and give it the same data`,
  );
}

type Entries = { readonly [key: string]: Json | undefined };
/** Equal as JSON, whatever the order of keys: plug-ins may be found in another. */
function same(a: Json | undefined, b: Json | undefined): boolean {
  if (!isEntries(a) || !isEntries(b)) return JSON.stringify(a) === JSON.stringify(b);
  return [...Object.keys(a), ...Object.keys(b)].every((key) => same(a[key], b[key]));
}
const isEntries = (of: Json | undefined): of is Entries => typeof of === "object" && of !== null && !Array.isArray(of);

/** What the run has, and the worker. */
function differences(run: Json | undefined, worker: Json | undefined): string {
  if (!isEntries(run) || !isEntries(worker)) return `${shown(run)}, here ${shown(worker)}`;
  return [...new Set([...Object.keys(run), ...Object.keys(worker)])]
    .filter((key) => !same(run[key], worker[key]))
    .map((key) => `${key} ${shown(run[key])}, here ${shown(worker[key])}`)
    .join(", ");
}
function shown(value: Json | undefined): string {
  if (value === undefined) return "none";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 24 ? `${text.slice(0, 12)}…` : text;
}
