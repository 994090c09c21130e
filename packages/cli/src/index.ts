export { processIo, type Call, type Host, type Io, type Output } from "./io.ts";
export { runCli } from "./program.ts";
export { main } from "./main.ts";
export { loadHost, type Loaded } from "./plugins/load.ts";
export type { ExitCode } from "./failures.ts";
export type { Config } from "./config/types.ts";
