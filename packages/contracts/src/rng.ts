import type { Rng } from "./random.ts";

/** Four 32-bit words from a text: MurmurHash3's mixing, one lane a constant. */
function hash(text: string): [number, number, number, number] {
  const lanes: [number, number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x85ebca6b];
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    lanes[0] = Math.imul(lanes[1] ^ k, 597399067);
    lanes[1] = Math.imul(lanes[2] ^ k, 2869860233) ^ (lanes[0] >>> 15);
    lanes[2] = Math.imul(lanes[3] ^ k, 951274213) ^ (lanes[1] >>> 13);
    lanes[3] = Math.imul(lanes[0] ^ k, 2716044179) ^ (lanes[2] >>> 16);
  }
  for (let i = 0; i < 4; i++) {
    let x = lanes[i]! ^ text.length;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    lanes[i] = x ^ (x >>> 16);
  }
  return lanes;
}

/** sfc32 (Doty-Humphrey, PractRand), seeded by the stream's full name. */
class Stream implements Rng {
  readonly #name: string;
  readonly #s: [number, number, number, number];
  #spare: number | undefined;

  constructor(name: string) {
    this.#name = name;
    this.#s = hash(name);
    for (let i = 0; i < 15; i++) this.#next();
  }

  #next(): number {
    const s = this.#s;
    const t = (s[0] + s[1] + s[3]) | 0;
    s[3] = (s[3] + 1) | 0;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = (s[2] + (s[2] << 3)) | 0;
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + t;
    return t >>> 0;
  }

  fork(name: string | number): Rng {
    // The kind is part of the name, so that 1 and "1" differ; so is a separator that names cannot forge.
    return new Stream(`${this.#name}\u0000${typeof name === "number" ? "#" : "$"}${name}`);
  }

  uniform(): number {
    return ((this.#next() >>> 5) * 67108864 + (this.#next() >>> 6)) / 9007199254740992;
  }

  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Log of a Gamma(a, 1) draw (Marsaglia and Tsang 2000); in logs, since small shapes underflow. */
  #logGamma(a: number): number {
    if (a < 1) return this.#logGamma(a + 1) + Math.log(1 - this.uniform()) / a;
    const d = a - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
    }
  }

  beta(a: number, b: number): number {
    const x = this.#logGamma(a);
    const y = this.#logGamma(b);
    return 1 / (1 + Math.exp(y - x));
  }

  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }

  seed(): Int32Array {
    // 30 bits a word: a salt of 30 bits can then be added on the device without overflow.
    return Int32Array.of(this.#next() >>> 2, this.#next() >>> 2);
  }
}

/** The root of all of a run's randomness. */
export const createRng = (seed: number | string): Rng => new Stream(`regimen/${seed}`);

/** A constant of 30 bits that tells names apart on the device. */
export const salt = (name: string): number => hash(name)[0] >>> 2;
