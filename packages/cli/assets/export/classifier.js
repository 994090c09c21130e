// Pictures to classes, by a model that Regimen trained: with nothing but tfjs, and with the same resizing as in training,
// so that the answers are the same. In a page these functions are global; in Node this is a CommonJS module.

/** Pictures this many times as large as what they become are first reduced by a whole factor, as in training. */
const GAP = 4;

/**
 * `tf`: @tensorflow/tfjs. `saved`: `classes`, `input` and `output` of metadata.json, `topology` and `specs` of model.json,
 * `weights`: an ArrayBuffer. Answers with `classify(picture)`: the classes, likeliest first, of { data, h, w, c }, whose data
 * are bytes [h, w, c], c 1 (grey) or 3 (RGB).
 */
async function openClassifier(tf, { classes, input, output, topology, specs, weights }) {
  await tf.ready();
  const artifacts = { modelTopology: topology, weightSpecs: specs, weightData: weights };
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  const [h, w, c] = input.shape;
  const [low, high] = input.range ?? [0, 255];

  async function classify(picture) {
    const bytes = toInput(picture, { h, w, c }, input.fit ?? "cover");
    const answer = tf.tidy(() => {
      const values = Float32Array.from(bytes, (byte) => low + (byte / 255) * (high - low));
      const given = model.predict(tf.tensor4d(values, [1, h, w, c]));
      return output === "logits" ? tf.softmax(given) : given;
    });
    const values = [...(await answer.data())];
    answer.dispose();
    // One number is the chance of the second of two classes.
    const shares = values.length === 1 ? [1 - values[0], values[0]] : values;
    return classes
      .map((name, i) => ({ class: name, probability: shares[i] }))
      .sort((a, b) => b.probability - a.probability);
  }
  return { classes, input: { h, w, c }, classify };
}

/** A picture's pixels as the model takes them: [to.h, to.w, to.c]. `fit`: cover, contain or stretch. */
function toInput(picture, to, fit) {
  const { from, onto } = place(picture, to, fit);
  const factor = Math.floor(Math.min(from.y.length / onto.y.length, from.x.length / onto.x.length) / GAP);
  const size = { h: Math.round(picture.h / factor), w: Math.round(picture.w / factor) };
  return fitPicture(factor > 1 ? resample(picture, size, "stretch") : picture, to, fit);
}

function fitPicture(picture, to, fit) {
  const coloured = to.c < picture.c ? withChannels(picture, to.c) : picture;
  const same = picture.h === to.h && picture.w === to.w;
  return withChannels(same ? coloured : resample(coloured, to, fit), to.c).data;
}

/** Which part of the picture lands on which part of the target. */
function place(from, to, fit) {
  const whole = ({ h, w }) => ({ y: { start: 0, length: h }, x: { start: 0, length: w } });
  if (fit === "cover") {
    const scale = Math.max(to.h / from.h, to.w / from.w);
    const middle = (length, of) => ({ start: (of - length) / 2, length });
    return { from: { y: middle(to.h / scale, from.h), x: middle(to.w / scale, from.w) }, onto: whole(to) };
  }
  if (fit === "contain") {
    const scale = Math.min(to.h / from.h, to.w / from.w);
    const inside = (length, of) => {
      const size = Math.min(of, Math.max(1, Math.round(length * scale)));
      return { start: Math.floor((of - size) / 2), length: size };
    };
    return { from: whole(from), onto: { y: inside(from.h, to.h), x: inside(from.w, to.w) } };
  }
  return { from: whole(from), onto: whole(to) };
}

/** Bilinear with antialiasing, pixel centres at one half; what no pixel covers is black. Rows first, then columns. */
function resample({ data, h, w, c }, to, fit) {
  const { from, onto } = place({ h, w }, to, fit);
  const rows = triangle(from.y, h, onto.y.length);
  const columns = triangle(from.x, w, onto.x.length);
  const out = new Uint8Array(to.h * to.w * c);
  const line = new Float32Array(w * c);
  rows.forEach((row, y) => {
    line.fill(0);
    row.weights.forEach((weight, t) => {
      const start = (row.first + t) * w * c;
      for (let i = 0; i < line.length; i++) line[i] += weight * data[start + i];
    });
    const target = ((onto.y.start + y) * to.w + onto.x.start) * c;
    columns.forEach(({ first, weights }, x) => {
      for (let k = 0; k < c; k++) {
        let sum = 0.5; // bytes cut decimals off, so this rounds
        for (let t = 0; t < weights.length; t++) sum += weights[t] * line[(first + t) * c + k];
        out[target + x * c + k] = sum;
      }
    });
  });
  return { data: out, h: to.h, w: to.w, c };
}

/** For each output pixel, the input pixels under a triangle as wide as the reduction, and never under one pixel. */
function triangle(from, size, outputs) {
  const scale = from.length / outputs;
  const reach = Math.max(1, scale);
  return Array.from({ length: outputs }, (_, at) => {
    const centre = from.start + (at + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(size, Math.floor(centre + reach + 0.5));
    const heights = Array.from({ length: end - first }, (_, t) =>
      Math.max(0, 1 - Math.abs(first + t + 0.5 - centre) / reach),
    );
    const sum = heights.reduce((total, height) => total + height, 0);
    return { first, weights: Float32Array.from(heights, (height) => height / sum) };
  });
}

/** Grey to colour by repeating; colour to grey by luma (Rec. 601). */
function withChannels({ data, h, w, c }, channels) {
  if (c === channels) return { data, h, w, c };
  const out = new Uint8Array(h * w * channels);
  for (let i = 0; i < h * w; i++) {
    if (channels === 1) out[i] = (299 * data[3 * i] + 587 * data[3 * i + 1] + 114 * data[3 * i + 2] + 500) / 1000;
    else out.fill(data[i], 3 * i, 3 * i + 3);
  }
  return { data: out, h, w, c: channels };
}

if (typeof module === "object") module.exports = { openClassifier, toInput };
