import type { Console } from "../display/console.ts";
import type { Io } from "../io.ts";
export async function dataCommand(_io: Io, _console: Console, _flags: { data: string }): Promise<void> {}
