// Sets whose classes a transform would change, made of real pictures; and one that bears the mirror.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRng, fromArrays } from "regimen";

const CLOTHES = fileURLToPath(new URL("../../examples/fashion-mnist", import.meta.url));
const [TROUSER, DRESS, COAT, SANDAL, SNEAKER, BAG, BOOT] = [1, 3, 4, 5, 7, 8, 9];
const [PLANE, DEER, FROG, SHIP] = [0, 4, 6, 8];
/** Degrees. What stands upright is turned a little too, so that resampling tells nothing. */
const [UPRIGHT, TILT, SPREAD] = [3, 21, 3];

/** `dangerous`: the transform that must be refused; `safe`: one that must stay; `cifar`: needs --cifar. */
export const SETS = {
  shoes: {
    about: "Fashion-MNIST, shoes that point to the left and, mirrored, shoes that point to the right; bags as they are",
    model: "small-cnn",
    dangerous: "mirror",
    make: shoes,
  },
  halves: {
    about:
      "CIFAR-10, a picture's left half beside another's right half: airplane and frog, frog and airplane, ship and deer, deer and ship",
    model: "resnet20",
    dangerous: "mirror",
    cifar: true,
    make: halves,
  },
  tilted: {
    about: "Fashion-MNIST, trousers, dresses and coats, upright and, to either side, tilted by 18 to 24 degrees",
    model: "small-cnn",
    dangerous: "rotate",
    make: tilted,
  },
  cifar10: {
    about: "CIFAR-10 as it is",
    model: "resnet20",
    safe: "mirror",
    cifar: true,
    make: ({ regimen, cifar, images }) => regimen.open(photographs(cifar, images)),
  },
};

const photographs = (folder, limit) => ({
  format: "cifar10-binary",
  path: join(folder, "data_batch_1.bin"),
  ...(limit && { limit }),
});

/** Pictures of a source by class number, in an order that the seed draws. */
async function byClass(source, seed) {
  const { h, w, c } = source.format;
  const { images } = await source.read(Array.from({ length: source.length }, (_, row) => row));
  const labels = source.labels();
  const classes = source.classes.map(() => []);
  for (let row = 0; row < source.length; row++) {
    const own = labels.subarray(row * classes.length, (row + 1) * classes.length);
    classes[own.indexOf(1)].push(images.subarray(row * h * w * c, (row + 1) * h * w * c));
  }
  const rng = createRng(seed).fork("safety");
  return classes.map((pictures, label) => shuffled(pictures, rng.fork(label)));
}
function shuffled(list, rng) {
  const out = [...list];
  for (let at = out.length - 1; at > 0; at--) {
    const other = rng.int(at + 1);
    [out[at], out[other]] = [out[other], out[at]];
  }
  return out;
}

async function clothesOf(regimen, seed) {
  const source = await regimen.open({ format: "idx", path: join(CLOTHES, "train-images-idx3-ubyte.gz") });
  const pictures = await byClass(source, seed);
  source.dispose();
  return pictures;
}

/** Named pictures as one source: as many of each name as the rarest has, `images` at the most. */
function joined(named, format, images) {
  const each = Math.min(Math.floor(images / named.length), ...named.map(([, pictures]) => pictures.length));
  const chosen = named.flatMap(([name, pictures]) => pictures.slice(0, each).map((picture) => [name, picture]));
  const pixels = new Uint8Array(chosen.length * format.h * format.w * format.c);
  for (const [at, [, picture]] of chosen.entries()) pixels.set(picture, at * format.h * format.w * format.c);
  return fromArrays(
    pixels,
    chosen.map(([name]) => name),
    format,
  );
}

/** [h, w, c] from left to right. */
function mirrored(picture, { h, w, c }) {
  const out = new Uint8Array(picture.length);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let k = 0; k < c; k++) out[(y * w + x) * c + k] = picture[(y * w + (w - 1 - x)) * c + k];
  return out;
}

/** A grey picture turned about its centre, bilinear, black beyond its edges. */
function turned(picture, { h, w }, degrees) {
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const [cy, cx] = [(h - 1) / 2, (w - 1) / 2];
  const at = (y, x) => (y >= 0 && y < h && x >= 0 && x < w ? picture[y * w + x] : 0);
  return Uint8Array.from({ length: h * w }, (_, i) => {
    const [dy, dx] = [Math.floor(i / w) - cy, (i % w) - cx];
    const [y, x] = [cy + cos * dy + sin * dx, cx + cos * dx - sin * dy];
    const [y0, x0] = [Math.floor(y), Math.floor(x)];
    const [fy, fx] = [y - y0, x - x0];
    const row = (of) => (1 - fx) * at(of, x0) + fx * at(of, x0 + 1);
    return Math.round((1 - fy) * row(y0) + fy * row(y0 + 1));
  });
}

async function shoes({ regimen, seed, images }) {
  const pictures = await clothesOf(regimen, seed);
  const format = { h: 28, w: 28, c: 1 };
  const pairs = Object.entries({ sandal: SANDAL, sneaker: SNEAKER, boot: BOOT }).flatMap(([name, label]) => {
    const half = Math.floor(pictures[label].length / 2);
    return [
      [`${name} to the left`, pictures[label].slice(0, half)],
      [`${name} to the right`, pictures[label].slice(half).map((picture) => mirrored(picture, format))],
    ];
  });
  return joined([...pairs, ["bag", pictures[BAG]]], format, images);
}

async function tilted({ regimen, seed, images }) {
  const pictures = await clothesOf(regimen, seed);
  const format = { h: 28, w: 28, c: 1 };
  const rng = createRng(seed).fork("tilt");
  const between = (middle, around) => middle + (2 * rng.uniform() - 1) * around;
  const pairs = Object.entries({ trouser: TROUSER, dress: DRESS, coat: COAT }).flatMap(([name, label]) => {
    const half = Math.floor(pictures[label].length / 2);
    const turn = (degrees) => (picture) => turned(picture, format, degrees());
    return [
      [`${name}, upright`, pictures[label].slice(0, half).map(turn(() => between(0, UPRIGHT)))],
      [
        `${name}, tilted`,
        pictures[label].slice(half).map(turn(() => (rng.uniform() < 0.5 ? -1 : 1) * between(TILT, SPREAD))),
      ],
    ];
  });
  return joined(pairs, format, images);
}

async function halves({ regimen, cifar, seed, images }) {
  const source = await regimen.open(photographs(cifar));
  const pictures = await byClass(source, seed);
  source.dispose();
  const format = { h: 32, w: 32, c: 3 };
  const beside = (left, right) => {
    const out = new Uint8Array(left.length);
    const { h, w, c } = format;
    for (let i = 0; i < out.length; i++) out[i] = (Math.floor(i / c) % w < w / 2 ? left : right)[i % (h * w * c)];
    return out;
  };
  const pairs = Object.entries({ "airplane|frog": [PLANE, FROG], "ship|deer": [SHIP, DEER] }).flatMap(
    ([name, [a, b]]) => {
      const both = Math.floor(Math.min(pictures[a].length, pictures[b].length) / 2);
      const rows = Array.from({ length: both }, (_, row) => row);
      return [
        [name, rows.map((row) => beside(pictures[a][row], pictures[b][row]))],
        // Other pictures the other way round: no example is another's mirror image.
        [
          name.split("|").toReversed().join("|"),
          rows.map((row) => beside(pictures[b][both + row], pictures[a][both + row])),
        ],
      ];
    },
  );
  return joined(pairs, format, images);
}
