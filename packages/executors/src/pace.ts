import { imagesSeen, type Done, type Work } from "@regimen/contracts";

export type PaceOptions = {
  /** How many times as long as the slowest so far a request may take, image by image; 10 unless told. */ readonly times?: number;
  /** Seconds that every request has; 120 unless told. */ readonly least?: number;
  /** Seconds while nothing has been measured; an hour unless told. */ readonly first?: number;
};

/** How long a request may take before its worker counts as hung: told from those that came to an end. */
export class Pace {
  readonly #options: Required<PaceOptions>;
  /** Seconds an image. */ #slowest = 0;

  constructor({ times = 10, least = 120, first = 3600 }: PaceOptions = {}) {
    this.#options = { times, least, first };
  }

  learn({ answer }: Done): void {
    const images = imagesSeen(answer.cost);
    if (answer.status === "ok" && images > 0) this.#slowest = Math.max(this.#slowest, answer.cost.seconds / images);
  }

  /** Seconds. */
  limit(work: Work): number {
    const { times, least, first } = this.#options;
    return this.#slowest ? Math.max(least, times * this.#slowest * imagesOf(work)) : first;
  }
}

/** At the most: what a trial goes on from is not taken off. */
export const imagesOf = ({ request }: Work): number =>
  request.kind === "trial" ? request.until : imagesSeen(request.atMost);
