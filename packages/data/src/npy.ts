import { RegimenError } from "@regimen/core";

/** One array of an NPZ file, in the order of its axes. */
export type NpyArray = {
  readonly shape: readonly number[];
  readonly values: Uint8Array | Int32Array | Float32Array;
};

type Kind = {
  readonly bytes: number;
  read(view: DataView, at: number, little: boolean): number;
  readonly whole: boolean;
};
const whole = (bytes: number, read: Kind["read"]): Kind => ({ bytes, read, whole: true });
const real = (bytes: number, read: Kind["read"]): Kind => ({ bytes, read, whole: false });
/** NumPy's letters: booleans, signed and unsigned whole numbers, floats. */
const KINDS: Readonly<Record<string, Kind>> = {
  b1: whole(1, (view, at) => view.getUint8(at)),
  u1: whole(1, (view, at) => view.getUint8(at)),
  i1: whole(1, (view, at) => view.getInt8(at)),
  u2: whole(2, (view, at, little) => view.getUint16(at, little)),
  i2: whole(2, (view, at, little) => view.getInt16(at, little)),
  u4: whole(4, (view, at, little) => view.getUint32(at, little)),
  i4: whole(4, (view, at, little) => view.getInt32(at, little)),
  i8: whole(8, (view, at, little) => Number(view.getBigInt64(at, little))),
  u8: whole(8, (view, at, little) => Number(view.getBigUint64(at, little))),
  f4: real(4, (view, at, little) => view.getFloat32(at, little)),
  f8: real(8, (view, at, little) => view.getFloat64(at, little)),
};
const MAGIC = "\u0093NUMPY";

/** NumPy's NPY format, versions 1 to 3. `shown`: what messages call it. Errors: REG_DATA_UNREADABLE. */
export function parseNpy(bytes: Uint8Array, shown: string): NpyArray {
  const wrong = (what: string) => new RegimenError("REG_DATA_UNREADABLE", `${shown} ${what}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 6)).toString("latin1") !== MAGIC)
    throw wrong("is no NPY array; expected what numpy.savez writes");
  const [start, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const header = Buffer.from(bytes.subarray(start, start + length)).toString("latin1");
  const type = /'descr':\s*'([<>|=]?)([a-z]\d+)'/.exec(header);
  const kind = KINDS[type?.[2] ?? ""];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (!kind || shape === undefined)
    throw wrong(
      `has the header ${header.trim().slice(0, 80)}; expected whole numbers or floats: save it with such a dtype`,
    );
  if (/'fortran_order':\s*True/.test(header))
    throw wrong("is in Fortran's order; expected C's: save numpy.ascontiguousarray of it");
  const sides = shape
    .split(",")
    .map((side) => side.trim())
    .filter(Boolean)
    .map(Number);
  if (!sides.every((side) => Number.isSafeInteger(side) && side >= 0))
    throw wrong(`has the shape (${shape.slice(0, 80)}); expected whole numbers: save or download it again`);
  const count = sides.reduce((product, side) => product * side, 1);
  const data = start + length;
  if (bytes.length < data + count * kind.bytes)
    throw new RegimenError(
      "REG_DATA_TRUNCATED",
      `${shown} ends after ${bytes.length - data} bytes of values; expected ${count * kind.bytes}: save or download it again`,
    );
  if (type![2] === "u1" || type![2] === "b1") return { shape: sides, values: bytes.slice(data, data + count) };
  const values = kind.whole ? new Int32Array(count) : new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = kind.read(view, data + i * kind.bytes, type![1] !== ">");
    values[i] = value;
    if (kind.whole && values[i] !== value)
      throw wrong(`has the value ${value}; expected whole numbers of 32 bits: save it as such`);
  }
  return { shape: sides, values };
}
