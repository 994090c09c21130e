import { html } from "../html.ts";
import { count, value } from "../words.ts";
import { pairs, type MakeSection } from "./section.ts";

const NAMES: Readonly<Record<string, string>> = {
  epochs: "epochs",
  batchSize: "batch size",
  learningRate: "learning rate",
  optimizer: "optimizer",
  schedule: "schedule",
};

export const model: MakeSection = ({ model: m, dataset, policy, run, error }) => {
  const { plainEpochs, plainHorizon, withValidation, ...train } = policy.train;
  const settings = [
    ...Object.entries(train).map(([key, v]) => `${NAMES[key] ?? key} ${value(v)}`),
    ...(plainEpochs === undefined
      ? []
      : [`after the first ${value(plainEpochs)} epochs of a plain training of ${value(plainHorizon ?? plainEpochs)}`]),
    ...(withValidation ? ["in the end on the validation images too"] : []),
  ];
  const both = error.baseline !== null;
  return {
    id: "model",
    name: "Model",
    title: `${both ? "Both models are the same network" : "The network"}: ${m.name}, ${count(m.parameters)} parameters`,
    body: pairs([
      ["Takes, gives", `images of ${dataset.imageShape.join(" × ")}, one of ${count(dataset.classes.length)} classes`],
      [
        "Trained with",
        settings.length
          ? `${settings.join(", ")}${both ? "; the baseline at the same batch size, rate and schedule" : ""}`
          : "the settings of the policy",
      ],
      [
        "Speed",
        run.imagesPerSecond === null
          ? "not measured"
          : `${count(run.imagesPerSecond)} training images a second on ${run.machine}, ${run.backend}${run.captured ? ", captured step" : ""}`,
      ],
    ]),
    note: html`<p>
      The saved model is plain: it holds no layer that is only for training, and loads with
      <code>tf.loadLayersModel</code> where Regimen is not installed.
    </p>`,
  };
};
