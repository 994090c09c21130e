// Cuts examples/fashion-mnist out of the whole data set: the first images of each split, as they come.
// usage: node scripts/cut-fashion-mnist.mjs FOLDER, which holds the four .gz files of the whole set
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

const from = process.argv[2];
if (!from) {
  console.error("usage: node scripts/cut-fashion-mnist.mjs FOLDER");
  process.exit(2);
}
const to = fileURLToPath(new URL("../examples/fashion-mnist", import.meta.url));
const take = { train: 4000, t10k: 2000 };

for (const [split, count] of Object.entries(take)) {
  for (const [kind, header, record] of [
    ["images-idx3-ubyte", 16, 28 * 28],
    ["labels-idx1-ubyte", 8, 1],
  ]) {
    const file = `${split}-${kind}.gz`;
    const whole = gunzipSync(readFileSync(join(from, file)));
    const cut = Buffer.from(whole.subarray(0, header + count * record));
    cut.writeUInt32BE(count, 4); // the number of items stands after the magic number
    writeFileSync(join(to, file), gzipSync(cut, { level: 9 }));
  }
}
