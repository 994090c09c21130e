// What `npm start` ends with: the main job, on images that the repository carries.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = fileURLToPath(new URL("../packages/regimen/dist/bin.js", import.meta.url));

console.log("\nRegimen trains a small network on 2,000 photographs of clothes, once plainly;");
console.log("then it searches for a better way to train, and tells whether that was worth it.");

const config = ["examples", "demo", "regimen.yaml"].join("/");
const child = spawn(process.execPath, [bin, "train", config, "--backend", "wasm", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
// A Ctrl-C reaches the child as well: it saves what was done, says how to go on, and its exit code is ours.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
