import { count, duration, many, percent } from "@regimen/report";
import type { Details } from "../view.ts";
import { runPath, useLive } from "./api.ts";
import { Chart } from "./chart.tsx";
import { DataSet } from "./data.tsx";
import { Mistakes } from "./mistakes.tsx";
import { Actions, Part, Problem, Progress, State, day, errorWords, headlineOf, nameOf } from "./parts.tsx";
import { Search } from "./policy.tsx";
import { toRun } from "./route.ts";
import { Policies } from "./steps.tsx";

const TABS = [
  ["", "Search"],
  ["curves", "Curves"],
  ["answer", "Answer"],
  ["mistakes", "Mistakes"],
  ["data", "Data"],
  ["about", "About"],
] as const;

export function RunPage({ id, tab }: { id: string; tab: string }) {
  const { value: run, error } = useLive<Details>(runPath(id), (changed) => changed === id);
  if (run === null) return error === null ? <p class="s">Reading the run …</p> : <Missing id={id} error={error} />;
  const { card } = run;
  const at = TABS.some(([name]) => name === tab) ? tab : "";
  return (
    <>
      <p class="s trail">
        <a href="#/">All runs</a> / {card.id}
      </p>
      <div class="head">
        <State of={card} />
        <span class="s">
          {nameOf(card)}
          {card.model !== null && ` · ${card.model}`} · {day(card.started)}
        </span>
      </div>
      <h1>{headlineOf(card)}</h1>
      {card.answer !== null && <p class={`verdict ${card.answer.verdict}`}>{card.answer.words}</p>}
      {card.why !== null && (card.state === "broken" ? <Problem>{card.why}</Problem> : <p class="why">{card.why}</p>)}
      <Progress of={card} />
      <Actions of={card} />
      {card.state === "broken" ? (
        <Broken />
      ) : (
        <>
          <nav class="tabs" aria-label="This run">
            {TABS.map(([name, label]) => (
              <a href={toRun(id, name)} aria-current={name === at ? "page" : undefined}>
                {label}
              </a>
            ))}
          </nav>
          <Tab at={at} run={run} />
        </>
      )}
      {run.log.length > 0 && card.state !== "finished" && (
        <Part title="What it said since it was resumed from here">
          <pre tabIndex={0}>{run.log.join("\n")}</pre>
        </Part>
      )}
    </>
  );
}

function Tab({ at, run }: { at: string; run: Details }) {
  if (at === "curves") return <Curves run={run} />;
  if (at === "answer") return <Answer run={run} />;
  if (at === "mistakes") return <Mistakes of={run} />;
  if (at === "data") return <DataSet of={run} />;
  if (at === "about") return <About run={run} />;
  return <Search of={run} />;
}

const Missing = ({ id, error }: { id: string; error: string }) => (
  <>
    <h1>There is no run “{id}” here</h1>
    <Problem>{error}</Problem>
    <p>
      <a href="#/">All runs</a>
    </p>
  </>
);

const Broken = () => (
  <Part title="What can be done">
    <p>
      The files stay as they are; nothing was changed. A file that was being written when the run was killed can often
      be mended by hand, or put back from a copy. Other runs of this folder are not affected.
    </p>
  </Part>
);

function Curves({ run }: { run: Details }) {
  if (!("curves" in run.charts))
    return (
      <Part title="No epoch is finished yet">
        <p>The curves begin with the first finished epoch, and go on by themselves.</p>
      </Part>
    );
  return (
    <Part
      title={run.card.state === "running" ? "Learning so far" : "How the trainings learnt"}
      how="Lower is better. The faint line is the loss on the images it learns from, the bold one on the validation images; where the bold line turns up, more training does harm."
    >
      <Chart of={run} name="curves" />
    </Part>
  );
}

const PARTS = [
  [
    "errors",
    "Mistakes before and after",
    "Bars are shares of wrong answers on the test images; thin lines are 95 % intervals.",
  ],
  [
    "techniques",
    "What each technique was worth",
    "Validation loss, technique by technique in search order. Solid was kept, hollow was left off.",
  ],
  [
    "classes",
    "Recall and precision of each class",
    "The weakest class comes first. A grey ring is the baseline, a green dot is Regimen.",
  ],
  [
    "confusion",
    "What is taken for what",
    "Rows are true classes, columns are answers; a stronger tint is a more frequent mistake.",
  ],
  ["calibration", "How sure, and how often right", "On the diagonal, a model that says 80 % is right in 80 of 100."],
  ["cost", "What it cost", "One plain run is one training without any technique."],
] as const;

/** How many of the parts come before what the task measures. */
const AFTER = 1;
/** How to read those where answers are more than right or wrong. */
const GRADED: Readonly<Record<string, string>> = {
  errors: "Shorter is better.",
  confusion: "Rows are true classes, columns are answers, in per cent of the row.",
};

/** The task's usual measures, larger is better. */
function Measures({ of: { measures } }: { of: Details }) {
  if (measures.length === 0) return null;
  const share = (v: number | null) => (v === null ? "–" : percent(v));
  const both = measures.some(({ baseline }) => baseline !== null);
  return (
    <Part title="The task's usual measures" how="Larger is better.">
      <table class="measures">
        <thead>
          <tr>
            <th scope="col">measure</th>
            {both && <th scope="col">baseline</th>}
            <th scope="col">Regimen</th>
          </tr>
        </thead>
        <tbody>
          {measures.map(({ name, baseline, regimen }) => (
            <tr>
              <th scope="row">{name}</th>
              {both && <td>{share(baseline)}</td>}
              <td>{share(regimen)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

function Answer({ run }: { run: Details }) {
  if (run.card.answer === null)
    return (
      <Part title="There is no answer yet">
        <p>Errors on test images come at the very end: nothing looks at those images before.</p>
      </Part>
    );
  const shown = PARTS.filter(([name]) => name in run.charts);
  const part = ([name, title, how]: (typeof PARTS)[number]) => (
    <Part
      title={run.terms === null || name !== "errors" ? title : "Error before and after"}
      how={run.terms === null ? how : (GRADED[name] ?? how)}
    >
      {name === "errors" && run.terms !== null && run.terms.means !== "" && (
        <p>
          {run.terms.error}: {run.terms.means}.
        </p>
      )}
      <Chart of={run} name={name} />
    </Part>
  );
  return (
    <>
      {shown.slice(0, AFTER).map(part)}
      <Measures of={run} />
      {run.exhibits.map(({ chart, title, about }) => (
        <Part title={title} how={about}>
          <Chart of={run} name={chart} />
        </Part>
      ))}
      {shown.slice(AFTER).map(part)}
    </>
  );
}

function About({ run }: { run: Details }) {
  const { card, command, backend, machine, seed } = run;
  const rows = [
    ["error", card.answer === null ? null : `${errorWords(card)} on ${many(card.answer.images, "image")}`],
    ["took", card.cost === null ? null : `${duration(card.cost.seconds)}, ${count(card.cost.imagesSeen)} images seen`],
    ["plain runs", card.cost?.plainRuns == null ? null : card.cost.plainRuns.toFixed(1)],
    ["job", card.job],
    ["command", command],
    ["backend", backend],
    ["machine", machine],
    ["seed", seed === null ? null : String(seed)],
  ] as const;
  return (
    <>
      <Part title={run.policy === null ? "No policy yet" : `The policy ${run.policy.name}`}>
        <Policies of={[run]} />
      </Part>
      <Part title="How it was run">
        <dl class="pairs">
          {rows.map(
            ([term, words]) =>
              words !== null && (
                <div>
                  <dt>{term}</dt>
                  <dd>{words}</dd>
                </div>
              ),
          )}
        </dl>
      </Part>
    </>
  );
}
