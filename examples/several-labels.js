// Several labels, and yes or no: which clothes are in a picture of two, and whether a picture shows a coat.
import { createRegimen, source } from "@regimen/core";
import { basics, clothes, percent } from "./shared.js";

const KINDS = ["top", "trousers", "shoe", "bag"];
/** For each of the ten classes of the pictures. */
const KIND_OF = [0, 1, 0, 0, 0, 2, 0, 2, 3, 2];

/** Two pictures side by side: a CSV with labels such as `shoe|bag`, or folders that share an image, give the same. */
function pairs(pictures) {
  const { h, w } = pictures.format;
  const given = pictures.labels();
  const kind = (row) => KIND_OF[given.subarray(10 * row, 10 * row + 10).indexOf(1)];
  const length = Math.floor(pictures.length / 2);
  return source({
    name: `${pictures.name} in pairs`,
    length,
    format: { ...pictures.format, w: 2 * w },
    classes: KINDS,
    skipped: [],
    id: (row) => `${pictures.id(2 * row)} and ${pictures.id(2 * row + 1)}`,
    labels: () => {
      const has = (row) => KINDS.map((_, k) => Number([kind(2 * row), kind(2 * row + 1)].includes(k)));
      return Float32Array.from(Array.from({ length }, (_, row) => has(row)).flat());
    },
    async read(rows) {
      const { images } = await pictures.read(Array.from(rows, (row) => [2 * row, 2 * row + 1]).flat());
      const at = (row, y, x) => images[((2 * row + Math.floor(x / w)) * h + y) * w + (x % w)];
      const pixel = (_, i) => at(Math.floor(i / (2 * h * w)), Math.floor(i / (2 * w)) % h, i % (2 * w));
      return { images: Uint8Array.from({ length: 2 * rows.length * h * w }, pixel) };
    },
    dispose() {},
  });
}

/** The same pictures with two classes in place of ten. */
function coatOrNot(pictures) {
  const { name, length, format } = pictures;
  const given = pictures.labels();
  const coat = (row) => given[10 * row + 4] === 1;
  return source({
    name,
    length,
    format,
    classes: ["other", "coat"],
    skipped: [],
    id: (row) => pictures.id(row),
    labels: () => Float32Array.from(Array.from({ length }, (_, row) => (coat(row) ? [0, 1] : [1, 0])).flat()),
    read: async (rows) => ({ images: (await pictures.read(rows)).images }),
    dispose() {},
  });
}

const regimen = await createRegimen({ plugins: basics });
const { train, test, validation } = await clothes(regimen, 1000);
const job = {
  model: { architecture: "small-cnn" },
  training: { epochs: 6 },
  policy: "none",
  seed: 1,
};

const several = await regimen.fit({
  ...job,
  data: { train: pairs(train), validation, test: pairs(test) },
  task: "multilabel_classification",
});
console.log("several labels: test error", percent(several.test.error), `(${several.test.terms.error})`);
// Each class has a threshold of its own: the one at which F1 was largest on the validation split.
for (const { name, averagePrecision, f1, threshold } of several.test.classes)
  console.log(name.padEnd(9), "AP", percent(averagePrecision), "F1", percent(f1), "from", threshold.toFixed(2));
several.model.dispose();

const one = await regimen.fit({
  ...job,
  data: { train: coatOrNot(train), validation, test: coatOrNot(test) },
  task: "binary_classification",
});
const coat = one.test.classes[1];
console.log("yes or no: test error", percent(one.test.error));
console.log("coat      ROC AUC", coat.rocAuc.toFixed(3), "F1", percent(coat.f1), "from", coat.threshold.toFixed(2));
one.model.dispose();
await regimen.dispose();
