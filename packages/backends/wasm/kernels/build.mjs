// Builds ../assets/kernels.wasm from the C files beside this one: node kernels/build.mjs
// Needs clang and wasm-ld (LLVM 14 or later: `apt install clang lld`); their place can be given in CLANG. The result is
// checked in, so that nobody else needs them; a test compares sources.sha256 with the sources, so that none is forgotten.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { digest, files } from "./sources.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../assets/kernels.wasm", import.meta.url));
mkdirSync(new URL("../assets/", import.meta.url), { recursive: true });
execFileSync(
  process.env.CLANG ?? "clang",
  [
    "--target=wasm32",
    "-std=c17",
    "-O3",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-msimd128",
    "-mbulk-memory",
    "-mmutable-globals",
    "-ffreestanding",
    "-nostdlib",
    "-Wl,--no-entry",
    "-Wl,--import-memory",
    // All that 32 bits reach: a memory that threads share must have its maximum stated.
    "-Wl,--max-memory=4294967296",
    "-Wl,--export=__stack_pointer",
    "-Wl,--strip-all",
    "-o",
    out,
    ...files.filter((file) => file.endsWith(".c")),
  ],
  { cwd: here, stdio: "inherit" },
);

const bytes = readFileSync(out);
const sections = sectionIds(bytes);
// Static data would be written over tfjs' own memory.
if (sections.includes(11)) throw new Error("The kernels have static data; write tables as code instead.");
await WebAssembly.compile(bytes);
writeFileSync(new URL("./sources.sha256", import.meta.url), digest());
process.stdout.write(`${out}: ${bytes.length} bytes\n`);

function sectionIds(wasm) {
  const ids = [];
  for (let at = 8; at < wasm.length;) {
    ids.push(wasm[at++]);
    let size = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) {
      byte = wasm[at++];
      size |= (byte & 0x7f) << shift;
    }
    at += size;
  }
  return ids;
}
