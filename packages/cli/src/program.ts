import { Command, CommanderError } from "commander";
import type { LabelFlags } from "./commands/label.ts";
import type { AugmentFlags } from "./commands/augment.ts";
import type { ExportFlags } from "./commands/export.ts";
import type { InitFlags } from "./commands/init.ts";
import type { NativeFlags } from "./commands/native.ts";
import type { NewFlags } from "./commands/new.ts";
import type { PretrainFlags } from "./commands/pretrain.ts";
import type { TryFlags } from "./commands/try.ts";
import type { StudioFlags } from "./commands/studio.ts";
import type { WorkerFlags } from "./commands/worker.ts";
import { Console, type Manner } from "./display/console.ts";
import { typed } from "./display/style.ts";
import { tellFailure, type ExitCode } from "./failures.ts";
import {
  backendFlag,
  budgetFlag,
  collect,
  duration,
  jobFlags,
  pairs,
  pluginFlag,
  port,
  positive,
  setting,
  share,
  unlabeledFlag,
  whole,
  workerFlags,
  type JobFlags,
} from "./flags.ts";
import type { Call, Io } from "./io.ts";

type Shared = { readonly backend?: string; readonly plugin?: readonly string[] };

/** Runs one command line, without the program's name in front: `["train", "./photos"]`. Never throws, never exits. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  const manner: Manner = { json: argv.includes("--json"), quiet: argv.includes("--quiet") };
  const console = new Console(io, manner);
  try {
    const root = program({ ...io, line: ["regimen", ...argv].map(typed).join(" ") }, console);
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

/** Each command is imported when it is called: help and slips need none of them. */
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
  root.addHelpText(
    "after",
    examples(["regimen train ./photos", "regimen train regimen.yaml --time 1h", "regimen doctor"]),
  );
  const add = (usage: string, about: string, lines: readonly string[], parent = root): Command =>
    parent
      .command(usage)
      .description(about)
      .option("--json", "one JSON document on stdout, all else on stderr")
      .option("--quiet", "only the result, warnings and errors")
      .addHelpText("after", examples(lines));

  const train = budgetFlag(
    jobFlags(
      add("train [target]", "The main job: baseline, search, final training, report.", [
        "regimen train ./photos",
        "regimen train cifar10-binary:./data_batch_1.bin --time 20m",
        "regimen train regimen.yaml --set training.epochs=20 --seed 11",
        "regimen train --config regimen.yaml --out ./runs/a --resume",
        "regimen train ./photos --unlabeled ./more",
        "regimen train ./photos --workers 4",
        "regimen train ./photos --dry-run --json",
      ]),
    ),
  );
  workerFlags(train)
    .option("--no-baseline", "leaves out the plain training that the report compares with")
    .action(async (target: string | undefined, flags: JobFlags) =>
      (await import("./commands/train.ts")).trainCommand(io, console, target, flags),
    );

  workerFlags(
    budgetFlag(
      jobFlags(
        add("search [target]", "Learns a policy and writes policy.json; trains no final model.", [
          "regimen search ./photos --budget 0.5",
          "regimen search ./more-photos --warm runs/photos",
          "regimen search regimen.yaml --out ./runs/policy --json",
        ]),
      ),
    ),
  ).action(async (target: string | undefined, flags: JobFlags) =>
    (await import("./commands/search.ts")).searchCommand(io, console, target, flags),
  );

  jobFlags(
    add("fit [target]", "Trains once with a given policy.", [
      "regimen fit ./photos --policy ./runs/policy/policy.json",
      "regimen fit regimen.yaml --policy none --json",
    ]),
  )
    .requiredOption("--policy <file>", "a policy.json, a run's folder, a preset, or none for the plain baseline")
    .action(async (target: string | undefined, flags: JobFlags) =>
      (await import("./commands/fit.ts")).fitCommand(io, console, target, flags),
    );

  pluginFlag(
    backendFlag(
      add("pretrain", "A backbone from unlabelled images alone.", [
        "regimen pretrain --unlabeled ./more --model resnet20 --out ./backbone",
        "regimen pretrain --unlabeled ./more --method barlow-twins --refuse mirror",
        "regimen train ./photos --set model.path=./backbone",
      ]),
    ),
  )
    .requiredOption("--unlabeled <place>", "a folder, a file, or FORMAT:PATH")
    .option("--model <name>", "an architecture, or a model.json's folder", "auto")
    .option("--method <name>", "simclr or barlow-twins", "simclr")
    .option("--epochs <n>", "how often each image is seen, in two views", positive, 100)
    .option("--refuse <transform>", "leaves it out of the views, such as mirror (repeatable)", collect)
    .option("--seed <n>", "the same seed gives the same backbone", whole)
    .option("--out <dir>", "the run's folder (default: ./runs/DATE-TIME-three-words)")
    .action(async (flags: PretrainFlags) =>
      (await import("./commands/pretrain.ts")).pretrainCommand(io, console, flags),
    );

  workerFlags(
    add("resume <run>", "Goes on with a stopped run; needs nothing else.", [
      "regimen resume ./runs/20260102-150405-calm-fox-pier",
    ]),
  ).action(async (run: string, flags: Pick<JobFlags, "workers" | "redis">) =>
    (await import("./commands/resume.ts")).resumeCommand(io, console, run, flags),
  );

  add("worker [run]", "Does trials for searches elsewhere, until it is stopped.", [
    "regimen worker --redis rediss://:PASSWORD@queue.example.org --runs /mnt/shared/runs",
  ])
    .option("--redis <url>", "where requests wait: redis://:PASSWORD@HOST, rediss://… for TLS")
    .option("--runs <dir>", "the folder that holds the runs, the same on all machines", "runs")
    .action(async (run: string | undefined, flags: WorkerFlags) =>
      (await import("./commands/worker.ts")).workerCommand(io, console, run, flags),
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
    .action(async (flags: Shared & { model: string; data: string; misclassified?: string }) =>
      (await import("./commands/evaluate.ts")).evaluateCommand(io, console, flags),
    );

  pluginFlag(
    backendFlag(
      add("predict <files...>", "What a model answers for image files: classes, masks or boxes, one JSON line each.", [
        "regimen predict --model ./runs/a/model cat.jpg dog.png",
        "regimen predict --model ./runs/a --json ./new",
        "regimen predict --model ./runs/a --out answers --overlays ./new",
      ]),
    ),
  )
    .requiredOption("--model <dir>", "a run's folder, its model/, or a model.json")
    .option("--out <dir>", "writes predictions.csv there, masks as PNG, boxes as COCO's detections.json")
    .option("--overlays", "with --out: each image with its answer drawn in, as PNG")
    .action(async (files: string[], flags: Shared & { model: string; out?: string; overlays?: boolean }) =>
      (await import("./commands/predict.ts")).predictCommand(io, console, files, flags),
    );

  pluginFlag(
    backendFlag(
      add("label", "Soft labels for images that have none, as CSV.", [
        "regimen label --model ./runs/a --unlabeled ./more --out labels.csv",
        "regimen label --model ./runs/a --unlabeled ./more --threshold 0.9 --hard",
      ]),
    ),
  )
    .requiredOption("--model <dir>", "a run's folder, its model/, or a model.json")
    .requiredOption("--unlabeled <place>", "a folder, a file, or FORMAT:PATH")
    .option("--out <file.csv>", "writes them there, paths relative to it (default: stdout)")
    .option("--threshold <p>", "leaves out images whose likeliest class is less probable than this", share)
    .option("--hard", "path and label alone, no probabilities")
    .action(async (flags: LabelFlags) => (await import("./commands/label.ts")).labelCommand(io, console, flags));

  pluginFlag(
    backendFlag(
      add("augment", "A contact sheet of a policy, or of every transform, on your images.", [
        "regimen augment --policy ./runs/a --data ./photos --out sheet.png",
        "regimen augment --all --data ./photos --out transforms.png",
      ]),
    ),
  )
    .option("--policy <file>", "a policy.json, a run's folder or a preset")
    .option("--all", "every installed transform at five magnitudes")
    .requiredOption("--data <place>", "a folder, a file, or FORMAT:PATH")
    .requiredOption("--out <file.png>", "where to write the sheet")
    .option("--images <n>", "images to show (default: 8; with --all 1)", whole)
    .option("--seed <n>", "the same seed gives the same sheet", whole)
    .action(async (flags: Shared & AugmentFlags) =>
      (await import("./commands/augment.ts")).augmentCommand(io, console, flags),
    );

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
    .action(async (flags: Shared & { data: string }) =>
      (await import("./commands/data.ts")).dataCommand(io, console, flags),
    );

  add("init [folder]", "Looks at the data and writes a commented regimen.yaml.", [
    "regimen init ./photos",
    "regimen init ./photos --out photos.yaml",
  ])
    .option("--out <file.yaml>", "where to write it (default: ./regimen.yaml)")
    .action(async (folder: string | undefined, flags: InitFlags) =>
      (await import("./commands/init.ts")).initCommand(io, console, folder, flags),
    );

  add("report <run>", "The static report of a run: one self-contained HTML file.", [
    "regimen report ./runs/a",
    "regimen report ./runs/a --out a.html --charts ./charts",
    "regimen report ./runs/a --against ./runs/a-longer",
  ])
    .option("--out <file.html>", "where to write it (default: report.html in the run's folder)")
    .option("--charts <dir>", "writes each chart as SVG and PNG too")
    .option("--against <run>", "a longer plain training, or one without unlabelled images: what it shows is kept")
    .action(async (run: string, flags: { out?: string; charts?: string; against?: string }) =>
      (await import("./commands/report.ts")).reportCommand(io, console, run, flags),
    );

  add("export <run>", "The model, ready to run elsewhere: with a page, with a server, or for another runtime.", [
    "regimen export ./runs/a --to web --out ./page",
    "regimen export ./runs/a --to node --out ./server",
    "regimen export ./runs/a --to onnx --weights int8 --data ./photos",
  ])
    .requiredOption("--to <target>", "web: a page, node: a server, tfjs, onnx, savedmodel: the model alone")
    .option("--out <dir>", "a new folder (default: RUN-TARGET)")
    .option("--weights <kind>", "float32, float16 or int8 (default: float32)")
    .option("--data <path>", "measures on these images what smaller weights cost")
    .action(async (run: string, flags: ExportFlags) =>
      (await import("./commands/export.ts")).exportCommand(io, console, run, flags),
    );

  add("studio", "The front end over all runs of a folder, live, on this machine alone.", [
    "regimen studio",
    "regimen studio --runs ./runs --port 0",
  ])
    .option("--runs <dir>", "the folder that holds the runs", "runs")
    .option("--port <n>", "where to listen on 127.0.0.1; 0: any that is free", port, 4747)
    .action(async (flags: StudioFlags) => (await import("./commands/studio.ts")).studioCommand(io, console, flags));

  add("new <kind> <name>", "A package of your own: technique, metalearner, scaffold or reader.", [
    "regimen new technique light-fog",
    "regimen new metalearner @you/one-by-one --out ./learner",
  ])
    .option("--out <dir>", "a new folder (default: ./regimen-KIND-NAME)")
    .action(async (kind: string, name: string, flags: NewFlags) =>
      (await import("./commands/new.ts")).newCommand(io, console, kind, name, flags),
    );

  pluginFlag(
    add("plugins", "What is installed: versions, hyperparameters, conflicts.", [
      "regimen plugins",
      "regimen plugins --plugin ./my-technique.mjs --json",
    ]),
  ).action(async (flags: Shared) =>
    (await import("./commands/plugins.ts")).pluginsCommand(io, console, flags.plugin ?? []),
  );

  unlabeledFlag(
    pluginFlag(
      backendFlag(
        add("try <technique>", "One technique on and off, on your images: is it worth having?", [
          "regimen try @regimen/technique-mixup --data ./photos",
          "regimen try @regimen/technique-fixmatch --data ./photos --unlabeled ./more",
          "regimen try ./my-technique --data ./photos --time 20m --seeds 5",
        ]),
      ),
    ).requiredOption("--data <place>", "a folder, a file, or FORMAT:PATH"),
  )
    .option("--seeds <n>", "pairs of trainings", pairs, 3)
    .option("--seed <n>", "of the first pair", whole)
    .option("--time <t>", "how long it may take, such as 90s, 30m or 1h30m", duration)
    .option("--set <a.b=v>", "sets a key of the configuration (repeatable)", setting)
    .action(async (technique: string, flags: TryFlags) =>
      (await import("./commands/try.ts")).tryCommand(io, console, technique, flags),
    );

  pluginFlag(
    add("doctor", "Tries the backends in order: why each was taken or not, and how fast it is.", [
      "regimen doctor",
      "regimen doctor --no-speed",
      "regimen doctor --backend node --json",
    ]),
  )
    .option("--backend <name>", "tries this one alone")
    .option("--no-speed", "leaves out the short training on each")
    .action(async (flags: Shared & { speed: boolean }) =>
      (await import("./commands/doctor.ts")).doctorCommand(io, console, flags),
    );

  add("native", "Makes tfjs-node work here: TensorFlow on this machine's processor or GPU.", [
    "regimen native",
    "regimen native --gpu",
    "regimen native --python ./venv --force",
  ])
    .option("--gpu", "tfjs-node-gpu, for NVIDIA GPUs")
    .option("--python <path>", "takes TensorFlow from this Python or environment alone")
    .option("--force", "builds again what is there already")
    .action(async (flags: NativeFlags) => (await import("./commands/native.ts")).nativeCommand(io, console, flags));

  return root;
}

const examples = (lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
