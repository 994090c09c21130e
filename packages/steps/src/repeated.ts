import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap } from "@tensorflow/tfjs-core";
import type { Program, Recorder, Recording } from "@regimen/contracts";

/** How programs are repeated here: recorded where there is a recorder, and who hears why one could not be. */
export interface Repeating {
  readonly record?: Recorder;
  refused(why: string): void;
}

/** A program that is run many times: recorded at its first run where the backend can, op by op where it cannot. */
export class Repeated implements Recording {
  readonly #program: Program;
  #repeating: Repeating | undefined;
  #recording: Recording | undefined;

  constructor(program: Program, repeating: Repeating) {
    [this.#program, this.#repeating] = [program, repeating];
  }

  /** Whether it is recorded: known once it has run. */
  get captured(): boolean {
    return this.#recording !== undefined;
  }

  run(inputs: NamedTensorMap): NamedTensorMap {
    if (this.#repeating?.record) {
      try {
        this.#recording = this.#repeating.record(inputs, this.#program);
      } catch (error) {
        this.#repeating.refused((error as Error).message);
      }
    }
    this.#repeating = undefined;
    return this.#recording?.run(inputs) ?? tf.tidy(() => this.#program(inputs, () => undefined));
  }

  sync(): void {
    this.#recording?.sync();
  }

  dispose(): void {
    this.#recording?.dispose();
  }
}
