import { BinaryWriter } from "@bufbuild/protobuf/wire";

const LENGTH_DELIMITED = 2;
const VARINT = 0;
const FIXED32 = 5;

/** Fields by number, in protobuf's wire format. */
export class Message {
  readonly #writer: BinaryWriter;

  private constructor(writer: BinaryWriter) {
    this.#writer = writer;
  }

  static bytes(fill: (message: Message) => void): Uint8Array {
    const writer = new BinaryWriter();
    fill(new Message(writer));
    return writer.finish();
  }

  message(field: number, fill: (message: Message) => void): void {
    this.#writer.tag(field, LENGTH_DELIMITED).fork();
    fill(this);
    this.#writer.join();
  }

  text(field: number, value: string): void {
    this.#writer.tag(field, LENGTH_DELIMITED).string(value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#writer.tag(field, LENGTH_DELIMITED).bytes(value);
  }

  integer(field: number, value: number): void {
    this.#writer.tag(field, VARINT).int64(value);
  }

  float(field: number, value: number): void {
    this.#writer.tag(field, FIXED32).float(value);
  }
}

/** An array's bytes as they lie in memory: little-endian, as both formats want them, on every machine that Node runs on. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
