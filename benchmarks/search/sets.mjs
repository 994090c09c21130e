// The data sets of benchmarks/search.mjs: what is trained on, for our API and for our command line alike.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** From so few images a tenth would tell nothing. */
const FEW = 1000;
const SIDE = 64;
const NEU_A_CLASS = 40;
const NEU_CLASSES = 6;

export const SETS = {
  cifar10: {
    title: "CIFAR-10",
    model: "resnet20",
    train: (folder, limit) => ({ format: "cifar10-binary", path: join(folder, "data_batch_1.bin"), limit }),
    test: (folder, limit) => ({ format: "cifar10-binary", path: join(folder, "data_batch_3.bin"), limit }),
  },
  fashion: {
    title: "Fashion-MNIST",
    model: "small-cnn",
    folder: fileURLToPath(new URL("../../examples/fashion-mnist", import.meta.url)),
    train: (folder, limit) => ({ format: "idx", path: join(folder, "train-images-idx3-ubyte.gz"), limit }),
    test: (folder, limit) => ({ format: "idx", path: join(folder, "t10k-images-idx3-ubyte.gz"), limit }),
  },
  neu: {
    title: "NEU surface defects",
    model: "resnet20",
    side: SIDE,
    most: NEU_A_CLASS * NEU_CLASSES,
    train: (folder, limit) => ({ format: "image-folder", path: [join(folder, "train"), join(folder, "test")], limit }),
    // All others: taken from the same folders, less what is trained on.
    test: (folder) => ({ format: "image-folder", path: [join(folder, "train"), join(folder, "test")] }),
    others: true,
  },
};

/** "cifar10=/a/folder" or "fashion". */
export function named(text) {
  const at = text.indexOf("=");
  const name = at < 0 ? text : text.slice(0, at);
  const set = SETS[name];
  if (!set) throw new Error(`there is no data set "${name}"; there are ${Object.keys(SETS).join(", ")}`);
  const folder = at < 0 ? set.folder : text.slice(at + 1);
  if (!folder) throw new Error(`where is ${set.title}? --data ${name}=FOLDER`);
  return { name, folder, ...set };
}

/** Opened for the API, and as a configuration of the command line says it. The caller disposes of `train` and `test`. */
export async function openSet(regimen, set, asked) {
  const images = Math.min(asked.images, set.most ?? Number.POSITIVE_INFINITY);
  const validation = { fraction: images < FEW ? 0.2 : 0.1 };
  const spec = set.train(set.folder, images);
  const how = set.side ? { size: { h: set.side, w: set.side } } : {};
  const train = await regimen.open(spec, how);
  const all = await regimen.open(set.test(set.folder, asked.test), { ...how, classes: train.classes });
  const known = new Set(set.others ? Array.from({ length: train.length }, (_, row) => train.id(row)) : []);
  const others = Array.from({ length: all.length }, (_, row) => row).filter((row) => !known.has(all.id(row)));
  // Folders come class by class: evenly spaced rows hold all classes.
  const step = Math.max(1, others.length / asked.test);
  const test = all.subset(others.filter((_, at) => at === 0 || Math.floor(at / step) > Math.floor((at - 1) / step)));
  return {
    data: { name: set.title, train, validation, test },
    // Without the test images: no trial sees them.
    config: { data: { train: spec, validation, ...(set.side && { image: { size: set.side } }) } },
    size: { images, test: test.length },
    dispose: () => [train, all].forEach((source) => source.dispose()),
  };
}
