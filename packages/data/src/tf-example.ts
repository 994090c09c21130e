import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** A feature of a `tf.train.Example`: bytes, floats or whole numbers. */
export type Feature = readonly Uint8Array[] | readonly number[];

/** A `tf.train.Example` by the names of its features (tensorflow/core/example/feature.proto). Throws where it is none. */
export function parseExample(bytes: Uint8Array): ReadonlyMap<string, Feature> {
  const features = new Map<string, Feature>();
  for (const all of messages(bytes, 1))
    for (const entry of messages(all, 1)) {
      const [name] = messages(entry, 1);
      const [value] = messages(entry, 2);
      if (name) features.set(Buffer.from(name).toString("utf8"), value ? featureOf(value) : []);
    }
  return features;
}

/** What stands in field `field` of a message, each time. */
function messages(bytes: Uint8Array, field: number): Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number === field && type === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(type);
  }
  return found;
}

/** BytesList 1, FloatList 2, Int64List 3; numbers may be packed or not. */
function featureOf(bytes: Uint8Array): Feature {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [kind] = reader.tag();
    const list = reader.bytes();
    if (kind === 1) return messages(list, 1);
    if (kind === 2) return numbers(list, (of) => of.float());
    if (kind === 3) return numbers(list, (of) => Number(of.int64()));
  }
  return [];
}

function numbers(list: Uint8Array, next: (of: BinaryReader) => number): number[] {
  const reader = new BinaryReader(list);
  const found: number[] = [];
  while (reader.pos < reader.len) {
    const [, type] = reader.tag();
    const end = type === WireType.LengthDelimited ? reader.uint32() + reader.pos : reader.pos + 1;
    while (reader.pos < end) found.push(next(reader));
  }
  return found;
}
