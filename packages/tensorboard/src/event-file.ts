import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import crc32c from "crc-32/crc32c.js";

export type Value =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly png: Uint8Array; readonly width: number; readonly height: number };
/** `time`: seconds since 1970. */
export type Event = { readonly time: number; readonly step: number; readonly values: readonly Value[] };

/**
 * One event file of TensorBoard, appended to as a training goes on. Each file is one line in TensorBoard's list when it has a
 * folder of its own. Format: TFRecord frames (tensorflow/core/lib/io/record_writer.h) of Event messages
 * (tensorflow/core/util/event.proto).
 */
export class EventFile {
  readonly path: string;
  /** The highest step that it holds; −1 where it holds none. */ #last = -1;

  /**
   * Makes `folder` and a file in it, or goes on with the one of this moment, of which a torn end is cut off. `began`: seconds
   * since 1970.
   */
  constructor(folder: string, began = Date.now() / 1000) {
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `events.out.tfevents.${began.toFixed(3)}.regimen`);
    if (existsSync(this.path)) {
      const { events, whole } = readFrames(readFileSync(this.path));
      truncateSync(this.path, whole);
      this.#last = Math.max(-1, ...events.map(({ step }) => step));
      if (whole) return;
    }
    const head = new BinaryWriter().tag(1, WireType.Bit64).double(began).tag(3, WireType.LengthDelimited);
    appendFileSync(this.path, frame(head.string("brain.Event:2").finish()));
  }

  /** Steps that it holds already are passed over: a resumed training tells them again. */
  add({ time, step, values }: Event): void {
    if (step <= this.#last) return;
    this.#last = step;
    const summary = new BinaryWriter();
    for (const value of values) message(summary, 1, valueOf(value));
    const event = new BinaryWriter().tag(1, WireType.Bit64).double(time).tag(2, WireType.Varint).int64(step);
    appendFileSync(this.path, frame(message(event, 5, summary).finish()));
  }
}

function valueOf(value: Value): BinaryWriter {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(value.tag);
  if ("scalar" in value) return writer.tag(2, WireType.Bit32).float(value.scalar);
  const image = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(value.height)
    .tag(2, WireType.Varint)
    .int32(value.width);
  return message(writer, 4, image.tag(4, WireType.LengthDelimited).bytes(value.png));
}
const message = (writer: BinaryWriter, field: number, inner: BinaryWriter): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited).bytes(inner.finish());

/** Length, its checksum, the data, their checksum: whoever reads can tell a torn end. */
function frame(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(data.length + 16);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(framed.subarray(0, 8)), true);
  framed.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return framed;
}

/** TFRecord's masked CRC-32C. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The scalars of an event file, as far as it is whole; a torn end is left out. Errors: one that says where a checksum is wrong. */
export const readEvents = (file: Uint8Array): readonly Event[] => readFrames(file).events;

/** `whole`: how many bytes of the file are. */
function readFrames(file: Uint8Array): { readonly events: readonly Event[]; readonly whole: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const events: Event[] = [];
  let at = 0;
  while (at + 16 <= file.length) {
    const length = Number(view.getBigUint64(at, true));
    if (at + 16 + length > file.length) break;
    const data = file.subarray(at + 12, at + 12 + length);
    if (
      view.getUint32(at + 8, true) !== masked(file.subarray(at, at + 8)) ||
      view.getUint32(at + 12 + length, true) !== masked(data)
    )
      throw new Error(`the event file is damaged at byte ${at}`);
    const event = readEvent(data);
    if (event.values.length) events.push(event);
    at += 16 + length;
  }
  return { events, whole: at };
}

function readEvent(data: Uint8Array): Event {
  let [time, step] = [0, 0];
  const values: Value[] = [];
  const reader = new BinaryReader(data);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) time = reader.double();
    else if (field === 2) step = Number(reader.int64());
    else if (field === 5) values.push(...readSummary(reader.bytes()));
    else reader.skip(type);
  }
  return { time, step, values };
}

function readSummary(data: Uint8Array): Value[] {
  const values: Value[] = [];
  const reader = new BinaryReader(data);
  while (reader.pos < reader.len) {
    reader.tag();
    const inner = new BinaryReader(reader.bytes());
    let tag = "";
    while (inner.pos < inner.len) {
      const [field, type] = inner.tag();
      if (field === 1) tag = inner.string();
      else if (field === 2) values.push({ tag, scalar: inner.float() });
      else inner.skip(type);
    }
  }
  return values;
}
