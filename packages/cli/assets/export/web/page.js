// The page: pictures that are dropped, chosen or pasted, and their classes. The work is in classifier.js.

/** So many classes are listed. */
const SHOWN = 5;

const status = document.querySelector("#status");
const answers = document.querySelector("#answers");
const drop = document.querySelector("#drop");

const { weights: encoded, ...saved } = globalThis.regimenModel;
const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
const opening = openClassifier(globalThis.tf, { ...saved, weights: bytes.buffer });
opening.then(
  () => (status.textContent = ""),
  (error) => (status.textContent = `The model could not be loaded: ${error.message}`),
);

/** RGB bytes, upright, transparent parts on black: as pictures were read for training. */
async function pixelsOf(file) {
  const bitmap = await createImageBitmap(file);
  const { width: w, height: h } = bitmap;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillRect(0, 0, w, h);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, w, h).data;
  const data = new Uint8Array(3 * w * h);
  for (let i = 0; i < w * h; i++) data.set(rgba.subarray(4 * i, 4 * i + 3), 3 * i);
  return { data, h, w, c: 3 };
}

async function answer(file) {
  status.textContent = `Looking at ${file.name} …`;
  try {
    const classifier = await opening;
    const picture = await pixelsOf(file).catch(() => {
      throw new Error("this browser cannot read it as a picture");
    });
    show(file, await classifier.classify(picture));
    status.textContent = "";
  } catch (error) {
    status.textContent = `${file.name}: ${error.message}`;
  }
}

function element(name, text, parent) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

function show(file, classes) {
  const article = element("article");
  article.className = "answer";
  article.dataset.answer = JSON.stringify({ file: file.name, classes });
  const image = element("img", undefined, article);
  image.src = URL.createObjectURL(file);
  image.alt = file.name;
  element("h2", classes[0].class, article);
  element("p", file.name, article).className = "soft";
  const list = element("dl", undefined, article);
  for (const { class: name, probability } of classes.slice(0, SHOWN)) {
    element("dt", name, list).title = name;
    const bar = element("span", undefined, list);
    bar.className = "bar";
    element("i", undefined, bar).style.width = `${100 * probability}%`;
    element("dd", `${(100 * probability).toFixed(1)} %`, list);
  }
  answers.prepend(article);
}

/** One after the other, so that many large pictures are never in memory at once. */
let queue = Promise.resolve();
function take(files) {
  for (const file of files) queue = queue.then(() => answer(file));
}

document.querySelector("#files").addEventListener("change", ({ target }) => {
  take([...target.files]);
});
addEventListener("paste", ({ clipboardData }) => take(clipboardData.files));
for (const kind of ["dragover", "dragleave", "drop"])
  addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop") take(event.dataTransfer.files);
  });
