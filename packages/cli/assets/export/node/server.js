// Classifies pictures over HTTP with a model that Regimen trained.
//   npm install && npm start                    on http://127.0.0.1:8080; PORT and HOST say otherwise
//   curl --data-binary @cat.jpg http://127.0.0.1:8080/classify
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const tf = require("@tensorflow/tfjs");
const { openClassifier } = require("./classifier.js");

/** The most that a request may hold, and the most pixels of a picture: what one request can cost. */
const BYTES = 32 * 2 ** 20;
const PIXELS = 50e6;

/** tfjs has no decoder for Node. With sharp beside it (npm i sharp), files are taken too; without, raw pixels alone. */
let sharp;
try {
  sharp = require("sharp");
} catch {
  sharp = undefined;
}

/** A failure that the caller can mend. */
class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function main() {
  const read = (name) => readFileSync(join(__dirname, "model", name));
  const { modelTopology: topology, weightsManifest } = JSON.parse(read("model.json"));
  const specs = weightsManifest.flatMap((group) => group.weights);
  const weights = new Uint8Array(read("weights.bin")).buffer;
  const { classes, input, output } = JSON.parse(read("metadata.json"));
  const classifier = await openClassifier(tf, { classes, input, output, topology, specs, weights });
  const formats = ["raw pixels", ...(sharp ? ["image files"] : [])];

  const server = createServer(async (request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(`${JSON.stringify(body)}\n`);
    };
    try {
      const { pathname, searchParams } = new URL(request.url, "http://localhost");
      if (request.method === "GET" && pathname === "/") return answer(200, { classes, input: input.shape, formats });
      if (pathname !== "/classify") throw new Refused(404, "there are GET / and POST /classify");
      if (request.method !== "POST") throw new Refused(405, "send the picture by POST");
      const picture = await pictureOf(await bodyOf(request), searchParams);
      return answer(200, { classes: await classifier.classify(picture) });
    } catch (error) {
      if (!(error instanceof Refused)) process.stderr.write(`${error.stack}\n`);
      return answer(error.status ?? 500, { error: error instanceof Refused ? error.message : "it failed" });
    }
  });
  const [port, host] = [Number(process.env.PORT ?? 8080), process.env.HOST ?? "127.0.0.1"];
  server.listen(port, host, () =>
    process.stdout.write(`listening on http://${host}:${server.address().port}/classify\n`),
  );
}

async function bodyOf(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > BYTES) throw new Refused(413, `the picture has over ${BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** `?width=&height=&channels=` says that the body is pixels, row after row; else it is a file. */
async function pictureOf(body, params) {
  if (params.has("width")) {
    const [w, h, c] = ["width", "height", "channels"].map((key) => Number(params.get(key) ?? 3));
    const whole = [w, h].every((side) => Number.isInteger(side) && side > 0) && (c === 1 || c === 3);
    if (!whole || body.length !== w * h * c)
      throw new Refused(400, `got ${body.length} bytes; expected width × height × channels, channels 1 or 3`);
    return { data: body, h, w, c };
  }
  if (!sharp)
    throw new Refused(415, "image files need sharp (npm i sharp); or send pixels: ?width=…&height=…&channels=3");
  try {
    const { space } = await sharp(body).metadata();
    const grey = space === "b-w" || space === "grey16";
    const image = sharp(body, { limitInputPixels: PIXELS })
      .autoOrient()
      .flatten({ background: "#000" })
      .toColourspace(grey ? "b-w" : "srgb");
    const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { data, h: info.height, w: info.width, c: info.channels };
  } catch (error) {
    throw new Refused(415, `not a picture that can be read: ${error.message.split("\n")[0]}`);
  }
}

main();
