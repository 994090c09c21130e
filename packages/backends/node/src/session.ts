import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namesOf, savedModel, type Attribute, type Node, type Ref } from "./graph.ts";
import type { Recording } from "@regimen/core";
import type { Handle, TensorFlow } from "./tensorflow.ts";
import type { Traced } from "./trace.ts";

/** Graphs that stay loaded though nobody uses them: what a search's next trials may share. */
const KEPT = 8;

/** A loaded graph. Its variables belong to whichever recording ran it last. */
export class Session {
  readonly #backend: TensorFlow;
  readonly #id: number;
  readonly #names: Names;
  /** Whose values its variables hold. */ owner: Recording | undefined;
  /** Recordings that may run it. */ users = 0;

  constructor(backend: TensorFlow, bytes: Uint8Array, names: Names) {
    this.#backend = backend;
    this.#names = names;
    const folder = mkdtempSync(join(tmpdir(), "regimen-step-"));
    try {
      writeFileSync(join(folder, "saved_model.pb"), bytes);
      this.#id = backend.binding.loadSavedModel(folder, "serve");
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** One run: the numbers of tensors for the inputs, handles of the outputs. */
  run(inputs: readonly number[]): Handle[] {
    const { inputs: into, outputs, done } = this.#names;
    const [finished, ...made] = this.#run(inputs, into, [done, ...outputs]);
    this.#backend.binding.deleteTensor(finished!.id);
    return made;
  }

  /** Sets all variables. */
  push(values: readonly number[]): void {
    const [finished] = this.#run(values, this.#names.values, [this.#names.pushed]);
    this.#backend.binding.deleteTensor(finished!.id);
  }

  /** Reads the variables that runs assign, in the order of the cells that have a `next`. */
  pull(): Handle[] {
    return this.#run([], [], this.#names.assigned);
  }

  dispose(): void {
    this.#backend.binding.deleteSavedModel(this.#id);
  }

  #run(inputs: readonly number[], into: readonly string[], from: readonly string[]): Handle[] {
    return from.length ? this.#backend.binding.runSavedModel(this.#id, inputs, into.join(), from.join()) : [];
  }
}

interface Names {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly done: string;
  readonly values: readonly string[];
  readonly pushed: string;
  readonly assigned: readonly string[];
}

/** Loaded graphs by their content: recordings of the same composition share one, whatever their values. */
export class Sessions {
  readonly #backend: TensorFlow;
  readonly #byContent = new Map<string, Session>();

  constructor(backend: TensorFlow) {
    this.#backend = backend;
  }

  open(traced: Traced): Session {
    const { bytes, names } = this.#written(traced);
    const content = createHash("sha256").update(bytes).digest("hex");
    const session = this.#byContent.get(content) ?? new Session(this.#backend, bytes, names);
    // Last used, last in the order.
    this.#byContent.delete(content);
    this.#byContent.set(content, session);
    session.users++;
    const idle = [...this.#byContent].filter(([, { users }]) => users === 0);
    for (const [old, unused] of idle.slice(0, Math.max(0, idle.length - KEPT))) {
      this.#byContent.delete(old);
      unused.dispose();
    }
    return session;
  }

  /** Brings JavaScript up to date with whatever ran. */
  sync(): void {
    for (const { owner } of this.#byContent.values()) owner?.sync();
  }

  /** The graph with what moves values in and out: assignments after all reads, so that every op sees the values before. */
  #written({ inputs, cells, outputs }: Traced): { bytes: Uint8Array; names: Names } {
    const { TF_FLOAT } = this.#backend.binding;
    const scalar: Attribute = {
      name: "value",
      kind: "tensor",
      value: { dtype: TF_FLOAT, shape: [], bytes: new Uint8Array(4) },
    };
    const nothing: Node = { op: "Const", inputs: [], attributes: [type("dtype", TF_FLOAT), scalar] };
    const after = (nodes: readonly Node[]): Node => ({
      op: "Identity",
      inputs: [first(nothing)],
      attributes: [type("T", TF_FLOAT)],
      after: nodes,
    });
    const assign = (dtype: number, handle: Node, value: Ref, behind: readonly Node[]): Node => ({
      op: "AssignVariableOp",
      inputs: [first(handle), value],
      attributes: [type("dtype", dtype)],
      after: behind,
    });
    const changed = cells.flatMap(({ next, ...cell }) => (next ? [{ ...cell, next }] : []));
    const steps = changed.map(({ dtype, handle, read, next }) => assign(dtype, handle, next, [read]));
    const values = cells.map(({ dtype, shape }): Node => ({
      op: "Placeholder",
      inputs: [],
      attributes: [type("dtype", dtype), { name: "shape", kind: "shape", value: shape }],
    }));
    const pushes = cells.map(({ dtype, handle }, at) => {
      const copy: Node = { op: "DeepCopy", inputs: [first(values[at]!)], attributes: [type("T", dtype)] };
      return assign(dtype, handle, first(copy), []);
    });
    const [done, pushed] = [after(steps), after(pushes)];
    const wanted = outputs.map(({ ref }) => ref);
    const names = namesOf([
      ...inputs.map(({ node }) => node),
      ...wanted.map(({ node }) => node),
      done,
      ...values,
      pushed,
    ]);
    const name = (node: Node): string => names.get(node)!;
    return {
      bytes: savedModel(names),
      names: {
        inputs: inputs.map(({ node }) => name(node)),
        outputs: wanted.map(({ node, output }) => `${name(node)}:${output}`),
        done: name(done),
        values: values.map(name),
        pushed: name(pushed),
        assigned: changed.map(({ read }) => name(read)),
      },
    };
  }
}

const first = (node: Node): Ref => ({ node, output: 0 });
const type = (name: string, value: number): Attribute => ({ name, kind: "type", value });
