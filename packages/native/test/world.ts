// A machine of pretence: npm, Python, pip and a compiler as scripts in a folder that is the whole PATH. The package that this npm
// installs is TensorFlow in name only (tfjs' own CPU backend), but it is loaded, lent tfjs-core and proven as the real one is.
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { ZipFile } from "yazl";
import { LIBRARIES } from "../src/tensorflow.ts";

const require = createRequire(import.meta.url);
const cpu = require.resolve("@tensorflow/tfjs-backend-cpu");

/** What the scripts do. A library's text is the version that TensorFlow will say; " gpu" after it: it sees one. */
export type Machine = {
  /** Lacking commands. */ readonly without?: readonly ("npm" | "python3" | "c++")[];
  /** The `tensorflow` folder of its Python. */ readonly tensorflow?: string;
  /** Wheels that pip serves: "tensorflow-cpu", or "tensorflow-cpu 3.11" for that Python's alone. */
  readonly serves?: Readonly<Record<string, string>>;
  /** Its pip reaches no index. */ readonly offline?: boolean;
  /** What the compiler does instead of compiling. */ readonly compiler?: "fails" | "hangs";
  /** Where the official binary lies, and the version that it says; null: its script fails. */
  readonly official?: { readonly host: string; readonly version: string | null };
};

const HEAD = `#!${process.execPath}
const fs = require("node:fs"), path = require("node:path");
const machine = JSON.parse(fs.readFileSync(path.join(__dirname, "machine.json"), "utf8"));
const args = process.argv.slice(2);
const value = (flag) => args[args.indexOf(flag) + 1];
fs.appendFileSync(path.join(__dirname, "calls"), path.basename(__filename) + " " + (args[0] === "-c" ? "-c" : args.join(" ")) + "\\n");
const write = (file, text) => { fs.mkdirSync(path.dirname(file), { recursive: true }); fs.writeFileSync(file, text); };
`;

const PACKAGE = `const fs = require("node:fs"), path = require("node:path");
const binding = path.join(__dirname, "lib", "napi-v8", "tfjs_binding.node");
if (!fs.existsSync(binding)) throw new Error("The Node.js native addon module (tfjs_binding.node) can not be found at path: " + binding);
const [version, gpu] = fs.readFileSync(binding, "utf8").split(" ");
if (version === "broken") throw new Error("undefined symbol: TF_Version");
const tf = require("@tensorflow/tfjs");
const { MathBackendCPU } = require(${JSON.stringify(cpu)});
tf.copyRegisteredKernels("cpu", "tensorflow");
tf.registerBackend("tensorflow", () => Object.assign(new MathBackendCPU(), { binding: { TF_Version: version }, isUsingGpuDevice: gpu === "gpu" }));
tf.setBackend("tensorflow");
`;

const SCRIPTS = {
  npm: `const app = process.cwd(), { dependencies } = JSON.parse(fs.readFileSync("package.json", "utf8"));
const name = Object.keys(dependencies).find((each) => each.startsWith("@tensorflow/tfjs-node"));
const at = path.join(app, "node_modules", name);
if (args[0] === "install") {
  for (const [each, spec] of Object.entries(dependencies)) {
    if (spec.startsWith("file:")) fs.cpSync(spec.slice(5), path.join(app, "node_modules", each), { recursive: true });
  }
  write(path.join(app, "node_modules/node-api-headers/include/node_api.h"), "");
  const host = machine.official ? machine.official.host : "http://127.0.0.1:1";
  const binary = { module_name: "tfjs_binding", module_path: "./lib/napi-v{napi_build_version}", host, napi_versions: [7, 8] };
  write(path.join(at, "package.json"), JSON.stringify({ name, version: dependencies[name], main: "index.js", binary }));
  write(path.join(at, "index.js"), ${JSON.stringify(PACKAGE)});
} else if (args[0] === "rebuild" && machine.official.version !== null) {
  write(path.join(at, "deps/lib/libtensorflow.so"), "");
  write(path.join(at, "lib/napi-v8/tfjs_binding.node"), machine.official.version);
} else {
  console.error("npm error code 1");
  process.exit(1);
}`,
  python3: `const version = args.includes("--python-version") ? " " + value("--python-version") : "";
if (args[0] === "-c") {
  console.log(JSON.stringify({ version: "3.12", prefix: path.dirname(__dirname), tensorflow: machine.tensorflow ?? null, pip: machine.serves !== undefined }));
} else if (args.includes("download")) {
  const names = args.slice(args.indexOf("off") + (version ? 3 : 1));
  for (const name of names) {
    const wheel = machine.serves[name + version] ?? machine.serves[name];
    if (wheel === undefined) {
      if (machine.offline) console.error("WARNING: Retrying after connection broken by 'NewConnectionError'");
      console.error("ERROR: Could not find a version that satisfies the requirement " + name + "\\nERROR: No matching distribution found for " + name);
      process.exit(1);
    }
    fs.copyFileSync(wheel, path.join(value("--dest"), path.basename(wheel)));
  }
}`,
  "c++": `if (args.includes("--version")) process.exit(0);
if (machine.compiler === "hangs") { fs.appendFileSync(path.join(__dirname, "pids"), process.pid + "\\n"); setInterval(() => {}, 1000); }
else {
  const includes = args.filter((each) => each.startsWith("-I")).map((each) => each.slice(2));
  const headers = ["node_api.h", "tensorflow/c/c_api.h"].filter((each) => !includes.some((folder) => fs.existsSync(path.join(folder, each))));
  if (machine.compiler === "fails" || headers.length > 0) {
    console.error("note: hm\\nbinding/utils.h:21:10: fatal error: " + (headers[0] ?? "node_api.h") + ": No such file or directory\\ncompilation terminated.");
    process.exit(1);
  }
  write(value("-o"), fs.readFileSync(args.find((each) => each.includes("libtensorflow_cc")), "utf8"));
}`,
};

export class World {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "regimen-native-")));
  readonly cache = join(this.root, "cache");
  readonly #bin = join(this.root, "bin");

  constructor(machine: Machine = {}) {
    this.write("package.json", JSON.stringify({ type: "commonjs" }));
    for (const [name, script] of Object.entries(SCRIPTS)) {
      if (machine.without?.some((each) => each === name)) continue;
      this.write(`bin/${name}`, `${HEAD}${script}`, 0o755);
    }
    this.become(machine);
  }

  /** From now on. */
  become(machine: Machine): void {
    this.write("bin/machine.json", JSON.stringify(machine));
  }

  get env(): Record<string, string> {
    return { PATH: this.#bin, REGIMEN_CACHE: this.cache };
  }

  /** The command lines that were run so far, other than versions asked for. */
  get calls(): string[] {
    const file = join(this.#bin, "calls");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return lines.filter((line) => !line.endsWith("--version"));
  }

  write(name: string, text: string, mode = 0o644): string {
    const file = join(this.root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    return file;
  }

  /** A `tensorflow` folder as a wheel has it. */
  tensorflow(version: string, folder = "site-packages/tensorflow"): string {
    for (const [name, text] of files(version)) this.write(`${folder}/${name}`, text);
    return join(this.root, folder);
  }

  /** A wheel of TensorFlow, with `requires` as its metadata and with much that is not needed. */
  async wheel(version: string, requires = ""): Promise<string> {
    const packed = files(version).map(([name, text]): [string, string] => [`tensorflow/${name}`, text]);
    return this.zip(`tensorflow-${version}-cp312-cp312-any.whl`, [
      ...packed,
      ["tensorflow/python/big.py", "x".repeat(10_000)],
      ["tensorflow/include/Eigen/Core.h", ""],
      [`tensorflow-${version}.dist-info/METADATA`, requires],
    ]);
  }

  async zip(name: string, entries: readonly (readonly [string, string])[]): Promise<string> {
    const zip = new ZipFile();
    for (const [entry, text] of entries) zip.addBuffer(Buffer.from(text), entry);
    zip.end();
    const file = join(this.root, name);
    await finished(zip.outputStream.pipe(createWriteStream(file)));
    return file;
  }
}

const files = (version: string): [string, string][] => [
  ...LIBRARIES.map((name): [string, string] => [name, version]),
  ["include/tensorflow/c/c_api.h", ""],
  [
    "python/platform/build_info.py",
    `build_info = OrderedDict([('is_cuda_build', ${version.endsWith("gpu") ? "True" : "False"})])`,
  ],
];
