import type { Command, Traced } from "./trace.ts";

/**
 * The commands without those whose results nobody reads: first values of variables that the program made, gradients that
 * were calculated and not used.
 */
export function needed({
  commands,
  outputs,
  cells,
}: Pick<Traced, "commands" | "outputs" | "cells">): readonly Command[] {
  const live = new Set<GPUBuffer>([
    ...outputs.map(({ buffer }) => buffer),
    ...cells.flatMap(({ next }) => (next ? [next] : [])),
  ]);
  const kept: Command[] = [];
  for (const command of commands.toReversed()) {
    if (!live.has(command.writes)) continue;
    kept.push(command);
    // Written as a whole, unless it is added to what was there.
    if (!command.adds) live.delete(command.writes);
    for (const buffer of command.reads) live.add(buffer);
  }
  return kept.toReversed();
}
