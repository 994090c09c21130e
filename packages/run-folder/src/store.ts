import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { RegimenError, type Json, type Table, type Weight } from "@regimen/contracts";
import { writeWhole } from "./whole.ts";

/** Bytes by key. Writing is atomic: after a kill there is the old value or the new one. */
export interface Store {
  put(key: string, bytes: Uint8Array): void;
  get(key: string): Uint8Array | undefined;
  delete(key: string): void;
  /** Deletes a key and all that stand below it, `key/…`. */ clear(key: string): void;
}

export function memoryStore(): Store {
  const kept = new Map<string, Uint8Array>();
  return {
    put: (key, bytes) => void kept.set(key, bytes),
    get: (key) => kept.get(key),
    delete: (key) => void kept.delete(key),
    clear: (key) => {
      for (const other of kept.keys()) if (other === key || other.startsWith(`${key}/`)) kept.delete(other);
    },
  };
}

export function folderStore(folder: string): Store {
  const path = (key: string): string => {
    const name = encodeURIComponent(key);
    // File names end at 255 bytes; the temporary name beside it is longer by a number.
    const short = `${name.slice(0, 150)}-${createHash("sha1").update(key).digest("hex")}`;
    return join(folder, `${name.length > 200 ? short : name}.bin`);
  };
  return {
    put: (key, bytes) => onDisk(() => (mkdirSync(folder, { recursive: true }), writeWhole(path(key), bytes))),
    get: (key) => (existsSync(path(key)) ? new Uint8Array(readFileSync(path(key))) : undefined),
    delete: (key) => onDisk(() => rmSync(path(key), { force: true })),
    clear: (key) =>
      onDisk(() => {
        rmSync(path(key), { force: true });
        const below = encodeURIComponent(`${key}/`);
        for (const name of existsSync(folder) ? readdirSync(folder) : [])
          if (name.startsWith(below)) rmSync(join(folder, name), { force: true });
      }),
  };
}

const DISK = ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EPERM", "ENOTDIR", "EEXIST", "EIO", "ENAMETOOLONG"];

/** Errors: REG_DISK where the disk is full or not writable. */
export function onDisk<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    if (!DISK.includes(code ?? "")) throw cause;
    const full = code === "ENOSPC" || code === "EDQUOT";
    const why = full ? "the disk is full" : code === "ENAMETOOLONG" ? "its name is too long" : "it may not be written";
    throw new RegimenError(
      "REG_DISK",
      `could not write ${path ?? "the run's folder"}: ${why}; make room or choose another --out, then resume`,
      { cause },
    );
  }
}

type Entry = { readonly name: string; readonly shape: readonly number[]; readonly dtype: "float32" | "int32" };
/** Named tensors on the host, with what else belongs to them. */
export type Checkpoint = {
  readonly meta: Json;
  readonly tensors: ReadonlyMap<string, Entry & { readonly values: Float32Array | Int32Array }>;
};

/** Reads tensors back: weights by their names, states below "state/". */
export async function capture(
  weights: readonly Weight[],
  states: ReadonlyMap<string, Variable>,
  meta: Json,
): Promise<Checkpoint> {
  const named: readonly (readonly [string, Variable])[] = [
    ...weights.map((weight) => [weight.name, weight.variable] as const),
    ...[...states].map(([name, variable]) => [`state/${name}`, variable] as const),
  ];
  const tensors = new Map<string, Entry & { values: Float32Array | Int32Array }>();
  for (const [name, variable] of named) {
    const dtype = variable.dtype === "int32" ? "int32" : "float32";
    const values = ((await variable.data()) as Float32Array).slice();
    tensors.set(name, { name, shape: variable.shape, dtype, values });
  }
  return { meta, tensors };
}

/** Puts a checkpoint's weights back; those it lacks stay as they are. Returns its states as tensors, which the caller disposes of. */
export function restore(checkpoint: Checkpoint, weights: readonly Weight[]): Map<string, Tensor> {
  const made = (entry: Entry & { values: Float32Array | Int32Array }): Tensor =>
    tf.tensor(entry.values, [...entry.shape], entry.dtype);
  for (const { name, variable } of weights) {
    const entry = checkpoint.tensors.get(name);
    if (!entry) continue;
    if (!tf.util.arraysEqual(entry.shape as number[], variable.shape))
      throw new RegimenError(
        "REG_RUN_MISMATCH",
        `the checkpoint holds ${name} with shape [${entry.shape}], the model has [${variable.shape}]; it belongs to another model`,
      );
    tf.tidy(() => variable.assign(made(entry)));
  }
  const states = [...checkpoint.tensors.values()].filter((entry) => entry.name.startsWith("state/"));
  return new Map(states.map((entry) => [entry.name.slice("state/".length), made(entry)]));
}

/** A length, a JSON header, then the values, little-endian. */
export function encode({ meta, tensors }: Checkpoint): Uint8Array {
  const entries = [...tensors.values()];
  const header = Buffer.from(
    JSON.stringify({ meta, entries: entries.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }),
  );
  const start = 4 * Math.ceil((4 + header.length) / 4);
  const bytes = new Uint8Array(start + entries.reduce((sum, entry) => sum + entry.values.byteLength, 0));
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = start;
  for (const { values } of entries) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

export function decode(bytes: Uint8Array): Checkpoint {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + 4, size).toString()) as {
    meta: Json;
    entries: Entry[];
  };
  const tensors = new Map<string, Entry & { values: Float32Array | Int32Array }>();
  let at = 4 * Math.ceil((4 + size) / 4);
  for (const entry of header.entries) {
    const length = entry.shape.reduce((product, side) => product * side, 1);
    const part = bytes.slice(at, at + 4 * length).buffer;
    tensors.set(entry.name, {
      ...entry,
      values: entry.dtype === "int32" ? new Int32Array(part) : new Float32Array(part),
    });
    at += 4 * length;
  }
  return { meta: header.meta, tensors };
}

/** A table as a checkpoint, and back. */
export const tableTo = ({ rows, columns }: Table): Checkpoint => ({
  meta: { rows },
  tensors: new Map(
    Object.entries(columns).map(([name, { width, values }]) => [
      name,
      { name, shape: [rows, width], dtype: "float32", values },
    ]),
  ),
});
export const tableFrom = ({ meta, tensors }: Checkpoint): Table => ({
  rows: (meta as { rows: number }).rows,
  columns: Object.fromEntries(
    [...tensors.values()].map(({ name, shape, values }) => [
      name,
      { width: shape[1]!, values: values as Float32Array },
    ]),
  ),
});
