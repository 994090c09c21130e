import { Command, CommanderError } from "commander";
import { dataCommand } from "./commands/data.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { fitCommand } from "./commands/fit.ts";
import { pluginsCommand } from "./commands/plugins.ts";
import { predictCommand } from "./commands/predict.ts";
import { reportCommand } from "./commands/report.ts";
import { resumeCommand } from "./commands/resume.ts";
import { searchCommand } from "./commands/search.ts";
import { trainCommand } from "./commands/train.ts";
import { Console, type Manner } from "./display/console.ts";
import { tellFailure, type ExitCode } from "./failures.ts";
import { backendFlag, budgetFlag, jobFlags, pluginFlag, type JobFlags } from "./flags.ts";
import type { Call, Io } from "./io.ts";

type Shared = { readonly backend?: string; readonly plugin?: readonly string[] };

/** Runs one command line, without the program's name in front: `["train", "./photos"]`. Never throws, never exits. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  const manner: Manner = { json: argv.includes("--json"), quiet: argv.includes("--quiet") };
  const console = new Console(io, manner);
  try {
    const root = program({ ...io, line: typed(argv) }, console);
    if (argv.length === 0) root.outputHelp();
    else await root.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    // Commander throws for --help and --version too, and where a group of commands is named without one of them.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === "commander.help") return 2;
    return tellFailure(error, console, io);
  } finally {
    console.done();
  }
}

function program(io: Call, console: Console): Command {
  const root = new Command("regimen")
    .description("Learns how to train a vision model on your images, then trains it.")
    .version(io.host.manifest.version)
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => {}, // failures have one place where they are told
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    });
  root.addHelpText("after", examples(["regimen train ./photos", "regimen train regimen.yaml --time 1h", "regimen doctor"]));
  const add = (usage: string, about: string, lines: readonly string[], parent = root): Command =>
    parent
      .command(usage)
      .description(about)
      .option("--json", "one JSON document on stdout, all else on stderr")
      .option("--quiet", "only the result, warnings and errors")
      .addHelpText("after", examples(lines));

  budgetFlag(
    jobFlags(
      add("train [target]", "The main job: baseline, search, final training, report.", [
        "regimen train ./photos",
        "regimen train cifar10-binary:./data_batch_1.bin --time 20m",
        "regimen train regimen.yaml --set training.epochs=20 --seed 11",
        "regimen train --config regimen.yaml --out ./runs/a --resume",
        "regimen train ./photos --dry-run --json",
      ]),
    ),
  )
    .option("--no-baseline", "leaves out the plain training that the report compares with")
    .action((target: string | undefined, flags: JobFlags) => trainCommand(io, console, target, flags));

  budgetFlag(
    jobFlags(
      add("search [target]", "Learns a policy and writes policy.json; trains no final model.", [
        "regimen search ./photos --budget 0.5",
        "regimen search regimen.yaml --out ./runs/policy --json",
      ]),
    ),
  ).action((target: string | undefined, flags: JobFlags) => searchCommand(io, console, target, flags));

  jobFlags(
    add("fit [target]", "Trains once with a given policy.", [
      "regimen fit ./photos --policy ./runs/policy/policy.json",
      "regimen fit regimen.yaml --policy none --json",
    ]),
  )
    .requiredOption("--policy <file>", "a policy.json, a run's folder, or none for the plain baseline")
    .action((target: string | undefined, flags: JobFlags) => fitCommand(io, console, target, flags));

  add("resume <run>", "Goes on with a stopped run; needs nothing else.", ["regimen resume ./runs/20260102-150405-calm-fox-pier"]).action(
    (run: string) => resumeCommand(io, console, run),
  );

  pluginFlag(
    backendFlag(
      add("evaluate", "Metrics of a saved model.", [
        "regimen evaluate --model ./runs/a/model --data ./photos/test",
        "regimen evaluate --model ./runs/a --data test.csv --misclassified wrong.csv",
      ]),
    ),
  )
    .requiredOption("--model <dir>", "a run's folder, its model/, or a model.json")
    .requiredOption("--data <place>", "a folder, a file, or FORMAT:PATH")
    .option("--misclassified <file.csv>", "writes the misclassified samples, worst first")
    .action((flags: Shared & { model: string; data: string; misclassified?: string }) => evaluateCommand(io, console, flags));

  pluginFlag(
    backendFlag(
      add("predict <files...>", "Class probabilities of image files, one JSON line each.", [
        "regimen predict --model ./runs/a/model cat.jpg dog.png",
        "regimen predict --model ./runs/a --json ./new",
      ]),
    ),
  )
    .requiredOption("--model <dir>", "a run's folder, its model/, or a model.json")
    .action((files: string[], flags: Shared & { model: string }) => predictCommand(io, console, files, flags));

  const data = root.command("data").description("Looks at data.").helpCommand(false);
  data.addHelpText("after", examples(["regimen data inspect --data ./photos"]));
  pluginFlag(
    add(
      "inspect",
      "Counts, sizes, class balance, duplicates within and between splits, unreadable files.",
      ["regimen data inspect --data ./photos", "regimen data inspect --data idx:./train --json"],
      data,
    ),
  )
    .requiredOption("--data <place>", "a folder, a file, or FORMAT:PATH")
    .action((flags: Shared & { data: string }) => dataCommand(io, console, flags));

  add("report <run>", "The static report of a run: one self-contained HTML file.", [
    "regimen report ./runs/a",
    "regimen report ./runs/a --out a.html --charts ./charts",
  ])
    .option("--out <file.html>", "where to write it (default: report.html in the run's folder)")
    .option("--charts <dir>", "writes each chart as SVG and PNG too")
    .action((run: string, flags: { out?: string; charts?: string }) => reportCommand(io, console, run, flags));

  pluginFlag(
    add("plugins", "What is installed: versions, hyperparameters, conflicts.", ["regimen plugins", "regimen plugins --plugin ./my-technique.mjs --json"]),
  ).action((flags: Shared) => pluginsCommand(io, console, flags.plugin ?? []));

  pluginFlag(
    add("doctor", "Tries the backends in order and says why each was taken or not.", ["regimen doctor", "regimen doctor --backend node --json"]),
  )
    .option("--backend <name>", "tries this one alone")
    .action((flags: Shared) => doctorCommand(io, console, flags.plugin ?? [], flags.backend));

  return root;
}

/** As a shell would take it again. */
const typed = (argv: readonly string[]): string =>
  ["regimen", ...argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))].join(" ");

const examples = (lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
