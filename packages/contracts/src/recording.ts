import type { NamedTensorMap, Variable } from "@tensorflow/tfjs-core";

/**
 * What is recorded: a pure function of its inputs and of `tf.Variable`s, which it may assign. It reads nothing on the host
 * and takes nothing that varies from run to run from anywhere else. A variable that it makes for later runs it announces
 * with `own`, as soon as it is made; where `own` throws, it is not kept. The tensors it answers with belong to whoever runs it.
 */
export type Program = (inputs: NamedTensorMap, own: (variable: Variable) => void) => NamedTensorMap;

/**
 * Makes a program that the backend runs faster than op by op. `example`: inputs like all later ones; it stays the caller's.
 * The program is traced once, which leaves no trace: variables keep their values, and one that was made has its first.
 * Errors: one whose message says in a sentence what cannot be recorded; the caller then runs the program itself.
 */
export type Recorder = (example: NamedTensorMap, program: Program) => Recording;

export interface Recording {
  /**
   * As the program itself, to the rounding of the last digits. `inputs` have the example's names, shapes and types; the
   * caller disposes of the answer. Variables of JavaScript that were assigned meanwhile are taken up; those that the
   * program assigns are stale in JavaScript until `sync`.
   */
  run(inputs: NamedTensorMap): NamedTensorMap;
  /** Brings variables up to date in JavaScript. */
  sync(): void;
  /** Frees what the recording holds, without `sync`. */
  dispose(): void;
}
