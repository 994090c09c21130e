import { processIo, type Host } from "./io.ts";
import { runCli } from "./program.ts";

/** What a `bin` does: this process's arguments, streams and signals, and its exit code. `bin`: its own `import.meta.url`. */
export async function main(host: Host, bin: string): Promise<void> {
  // Somebody who reads the first lines only (`| head`) is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  process.exitCode = await runCli(process.argv.slice(2), processIo(host, bin));
  // Workers and native handles of a backend may keep the process alive; what was written goes out first.
  process.stdout.write("", () => process.exit());
}
