// What is done to a good file. Every mutation takes a random generator first, so that a case can be had again.

/** A small random generator (mulberry32): the same seed, the same numbers. */
export function random(seed) {
  let state = seed >>> 0;
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below) => Math.floor(unit() * below);
  return { unit, int, pick: (list) => list[int(list.length)], chance: (p) => unit() < p };
}

const NUMBERS = [
  "-1",
  "0",
  "-0",
  "0.5",
  "1e308",
  "1e999",
  "-1e999",
  "NaN",
  ".inf",
  "Infinity",
  "4294967296",
  "99999999999999999999",
  "1e-320",
  "0x10",
  "1_000",
  "٣",
];
const WORDS = [
  "",
  " ",
  "größe 🐟",
  "e\u0301",
  "\u0000",
  "\u001b[31m",
  "\u202e",
  "\ufeff",
  "\ud800",
  "__proto__",
  "constructor",
  "toString",
  "..",
  "../../../..",
  "/",
  "/dev/null",
  "~",
  "null",
  "true",
  "!!js/function",
  "&a *a",
  "<!DOCTYPE x [<!ENTITY a 'b'>]>",
  "&#x0;",
  '"',
  "'",
  "#",
  ",",
  ";",
  "\t",
  "\r",
  "\n\n",
  "x".repeat(300),
  "y".repeat(20_000),
];
/** For a place in a tree; as functions where each use needs its own. */
const VALUES = [
  null,
  true,
  -1,
  0.5,
  0,
  1e308,
  -1e308,
  2 ** 32,
  2 ** 53,
  1e-320,
  "",
  "NaN",
  "largest",
  "/dev/null",
  "__proto__",
  "größe 🐟",
  "\u0000",
  "z".repeat(5000),
  [],
  {},
  [[]],
  [null, null, null, null],
  { length: 3 },
  { 0: 1 },
];
const DEPTHS = [20, 300, 3000, 30_000];

const at = (rng, { length }) => rng.int(length + 1);
const span = (rng, { length }) => {
  const from = rng.int(Math.max(1, length));
  return [from, Math.min(length, from + 1 + rng.int(rng.chance(0.5) ? 8 : Math.max(1, length)))];
};

const BYTES = [
  function flip(rng, bytes) {
    const out = Buffer.from(bytes);
    for (let n = 1 + rng.int(8); n > 0 && out.length; n--) out[rng.int(out.length)] ^= 1 << rng.int(8);
    return out;
  },
  function set(rng, bytes) {
    const out = Buffer.from(bytes);
    for (let n = 1 + rng.int(4); n > 0 && out.length; n--)
      out[rng.int(out.length)] = rng.pick([0, 1, 127, 128, 255, rng.int(256)]);
    return out;
  },
  /** A number that stands in four bytes, most often in the header. */
  function number(rng, bytes) {
    const out = Buffer.from(bytes);
    if (out.length < 4) return out;
    const where = rng.int(Math.min(out.length - 3, rng.chance(0.7) ? 64 : out.length));
    const value = rng.pick([0, 1, 2 ** 16, 2 ** 24, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
    return rng.chance(0.5) ? (out.writeUInt32BE(value, where), out) : (out.writeUInt32LE(value, where), out);
  },
  (rng, bytes) => bytes.subarray(0, at(rng, bytes)),
  (rng, bytes) => bytes.subarray(0, Math.max(0, bytes.length - 1 - rng.int(4))),
  function without(rng, bytes) {
    const [from, to] = span(rng, bytes);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  function doubled(rng, bytes) {
    const [from, to] = span(rng, bytes);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  function zeroed(rng, bytes) {
    const [from, to] = span(rng, bytes);
    return Buffer.concat([bytes.subarray(0, from), Buffer.alloc(to - from), bytes.subarray(to)]);
  },
  function inserted(rng, bytes) {
    const where = at(rng, bytes);
    const more = Buffer.from(Array.from({ length: 1 + rng.int(64) }, () => rng.int(256)));
    return Buffer.concat([bytes.subarray(0, where), more, bytes.subarray(where)]);
  },
  (_, bytes) => Buffer.concat([bytes, bytes]),
  (rng, bytes) => (rng.chance(0.2) ? Buffer.alloc(0) : bytes),
  (rng) => Buffer.from(Array.from({ length: rng.int(400) }, () => rng.int(256))),
];

const replaceOne = (rng, text, pattern, by) => {
  const found = [...text.matchAll(pattern)];
  if (!found.length) return text;
  const { index, 0: whole } = rng.pick(found);
  return text.slice(0, index) + by(whole) + text.slice(index + whole.length);
};
const lines = (text, change) => change(text.split("\n")).join("\n");
const put = (list, from, count, ...items) => list.toSpliced(from, count, ...items);

const TEXT = [
  (rng, text) => replaceOne(rng, text, /-?\d+(\.\d+)?/g, () => rng.pick(NUMBERS)),
  (rng, text) => replaceOne(rng, text, /-?\d+(\.\d+)?/g, () => rng.pick(NUMBERS)),
  (rng, text) => replaceOne(rng, text, /[\p{L}_]+/gu, () => rng.pick(WORDS)),
  (rng, text) => replaceOne(rng, text, /[\p{L}_]+/gu, (word) => word.slice(1) + word[0]),
  (rng, text) => replaceOne(rng, text, /[^\p{L}\d\s]/gu, () => rng.pick(WORDS)),
  (rng, text) => {
    const where = at(rng, text);
    return text.slice(0, where) + rng.pick(WORDS) + text.slice(where);
  },
  (rng, text) => lines(text, (all) => put(all, rng.int(all.length), 1)),
  (rng, text) =>
    lines(text, (all) => {
      const where = rng.int(all.length);
      return put(all, where, 0, ...new Array(rng.chance(0.1) ? 1000 : 1 + rng.int(4)).fill(all[where]));
    }),
  (rng, text) => lines(text, (all) => put(all, rng.int(all.length), 0, all[rng.int(all.length)])),
  (rng, text) => lines(text, (all) => all.map((line) => (rng.chance(0.2) ? `  ${line}` : line))),
  (rng, text) => {
    const [open, close] = rng.pick([
      ["[", "]"],
      ["{a: ", "}"],
      ["<a>", "</a>"],
      ["- ", ""],
      ['{"a":', "}"],
    ]);
    const [where, depth] = [at(rng, text), rng.pick(DEPTHS)];
    return text.slice(0, where) + open.repeat(depth) + close.repeat(depth) + text.slice(where);
  },
];

/** Places of a tree that are looked at, and written: thousands of thousands would be more than memory holds. */
const MOST = 100_000;
/** The places of a tree: each the thing that holds it and its key. */
function places(tree, found = []) {
  for (const key of Object.keys(tree)) {
    if (found.length >= MOST) return found;
    found.push([tree, key]);
    if (typeof tree[key] === "object" && tree[key] !== null) places(tree[key], found);
  }
  return found;
}
function nested(depth, list) {
  let value = 1;
  for (let level = 0; level < depth; level++) value = list ? [value] : { a: value };
  return value;
}
const renamed = (rng, holder, key) => {
  const value = holder[key];
  delete holder[key];
  const name = rng.pick(["__proto__", "constructor", "", `${key}s`, key.toUpperCase(), "\u0000", "größe 🐟"]);
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
};
const TREE = [
  (rng, holder, key) => (holder[key] = structuredClone(rng.pick(VALUES))),
  (rng, holder, key) => (holder[key] = structuredClone(rng.pick(VALUES))),
  (_, holder, key) => (Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key]),
  (rng, holder, key) => (Array.isArray(holder) ? holder.push(holder[key]) : renamed(rng, holder, key)),
  (_, holder, key) => (holder[key] = [holder[key]]),
  (_, holder, key) => (holder[key] = JSON.stringify(holder[key]) ?? ""),
  (_, holder, key) => (holder[key] = { ...Object(holder[key]) }),
  // A text of its own: JSON.stringify would not go so deep.
  (rng, holder, key) => (holder[key] = nested(rng.pick([20, 300, 2000]), rng.chance(0.5))),
  (rng, holder, key) =>
    Array.isArray(holder[key]) && (holder[key] = new Array(rng.pick([50, 3000])).fill(holder[key][0])),
];

const times = (rng) => (rng.chance(0.6) ? 1 : 2 + rng.int(3));

export function mutateBytes(rng, bytes) {
  let out = bytes;
  for (let n = times(rng); n > 0; n--) out = rng.pick(BYTES)(rng, out);
  return out;
}
export function mutateText(rng, bytes) {
  if (rng.chance(0.15)) return mutateBytes(rng, bytes);
  let out = bytes.toString("utf8");
  for (let n = times(rng); n > 0; n--) out = rng.pick(TEXT)(rng, out);
  return Buffer.from(out);
}
/** `read` and `write`: from the file's bytes to a tree and back. */
export function mutateTree(rng, bytes, read = JSON.parse, write = JSON.stringify) {
  if (rng.chance(0.3)) return mutateText(rng, bytes);
  const tree = { root: read(bytes.toString("utf8")) };
  for (let n = times(rng); n > 0; n--) {
    const found = places(tree);
    if (found.length) rng.pick(TREE)(rng, ...rng.pick(found));
    if (places(tree).length >= MOST) return mutateText(rng, bytes);
  }
  return Buffer.from(write(tree.root) ?? "");
}
