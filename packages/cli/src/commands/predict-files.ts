import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { RegimenError, type Pictures } from "@regimen/contracts";
import { csvLine } from "../display/csv.ts";
import type { Answered, Told } from "./predict-answers.ts";

/**
 * What `--out` holds: `predictions.csv`; of masks `masks/` (class numbers, 255 outside of what the model saw) and their
 * `classes.txt`, as the reader mask-folder takes them; of boxes `detections.json`, COCO's results with each file's name; and
 * `overlays/`.
 */
export class AnswerFolder {
  readonly #folder: string;
  readonly #told: Told[] = [];
  readonly #detections: object[] = [];
  readonly #names = new Set<string>();
  /** Folders that all files are in: they say nothing. */ #common = 0;
  #kind: "classes" | "masks" | "boxes" = "classes";

  /** Errors: REG_RUN_EXISTS. */
  constructor(folder: string, named: string) {
    if (existsSync(folder))
      throw new RegimenError("REG_RUN_EXISTS", `${named} exists; choose a new folder for the answers, or remove it`);
    this.#folder = folder;
  }

  /** All files that will come. */
  expect(files: readonly string[]): void {
    const folders = files.map((file) => partsOf(file).slice(0, -1));
    const first = folders[0] ?? [];
    const differs = first.findIndex((part, at) => folders.some((each) => each[at] !== part));
    this.#common = differs < 0 ? first.length : differs;
  }

  async add({ told, mask, things, overlay }: Answered): Promise<Told> {
    const name = this.#nameOf(told.file);
    const answer = mask ? { ...told, mask: `masks/${name}` } : told;
    if (mask) {
      this.#kind = "masks";
      await this.#picture(`masks/${name}`, mask.values, { h: mask.h, w: mask.w, c: 1 });
    }
    if (things) {
      this.#kind = "boxes";
      for (const { class: category, number, score, bbox } of things)
        this.#detections.push({
          image_id: this.#told.length + 1,
          category_id: number + 1,
          bbox,
          score,
          file_name: told.file,
          category,
        });
    }
    if (overlay) {
      const [low, high] = overlay.format.range;
      const pixels = Uint8ClampedArray.from(overlay.images, (value) => (255 * (value - low)) / (high - low));
      await this.#picture(`overlays/${name}`, new Uint8Array(pixels.buffer), overlay.format);
    }
    this.#told.push(answer);
    return answer;
  }

  finish(classes: readonly string[] | undefined): void {
    const names = classes ?? Object.keys(this.#told[0]?.probabilities ?? {});
    if (this.#kind === "boxes")
      this.#write("detections.json", `[\n${this.#detections.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`);
    if (this.#kind === "masks") this.#write("classes.txt", names.map((name) => `${name}\n`).join(""));
    const shares = this.#kind === "masks" ? "share" : "p";
    const head =
      this.#kind === "boxes"
        ? ["file", "objects", ...names.map((name) => `n_${name}`)]
        : ["file", ...(this.#kind === "masks" ? ["mask"] : []), "class", ...names.map((name) => `${shares}_${name}`)];
    const lines = this.#told.map(({ file, class: best = "", probabilities = {}, objects = [], mask }) =>
      this.#kind === "boxes"
        ? [file, objects.length, ...names.map((name) => objects.filter((one) => one.class === name).length)]
        : [file, ...(mask === undefined ? [] : [mask]), best, ...names.map((name) => probabilities[name] ?? 0)],
    );
    this.#write("predictions.csv", [head, ...lines].map(csvLine).join(""));
  }

  /** The file's path with .png, inside of the folder whatever that path says, and nobody else's. */
  #nameOf(file: string): string {
    const inside = partsOf(file)
      .slice(this.#common)
      .map((part) => part.replace(/[:*?"<>|\0]/g, "_"))
      .join("/");
    const short = `${inside.replace(/\.[^./]+$/, "")}.png`;
    const name = this.#names.has(short) ? `${inside}.png` : short;
    this.#names.add(name);
    return name;
  }

  async #picture(file: string, pixels: Uint8Array, { h, w, c }: Pick<Pictures["format"], "h" | "w" | "c">) {
    const { default: sharp } = await import("sharp");
    const png = await sharp(pixels, { raw: { width: w, height: h, channels: c as 1 | 3 } })
      .toColourspace(c === 1 ? "b-w" : "srgb")
      .png()
      .toBuffer();
    this.#write(file, png);
  }

  #write(file: string, content: string | Uint8Array): void {
    const path = join(this.#folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

const partsOf = (file: string): string[] => file.split(/[\\/]+/).filter((part) => !["", ".", ".."].includes(part));
