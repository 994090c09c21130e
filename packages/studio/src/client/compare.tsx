import { count, duration, many, pValue, percentOf, signed } from "@regimen/report";
import type { Compared, Details } from "../view.ts";
import { useLive } from "./api.ts";
import { Chart } from "./chart.tsx";
import { Part, Problem, State, errorWords, headlineOf, nameOf } from "./parts.tsx";
import { toRun } from "./route.ts";
import { Policies } from "./steps.tsx";

export function ComparePage({ ids }: { ids: readonly string[] }) {
  const query = new URLSearchParams(ids.map((id) => ["run", id])).toString();
  const { value: compared, error } = useLive<Compared>(`/api/compare?${query}`, (id) => ids.includes(id));
  if (compared === null) return error === null ? <p class="s">Reading the runs …</p> : <Problem>{error}</Problem>;
  const { runs, cautions, paired } = compared;
  return (
    <>
      <p class="s trail">
        <a href="#/">All runs</a> / compare
      </p>
      <h1>{titleOf(compared)}</h1>
      {cautions.map((caution) => (
        <p class="why">{caution}</p>
      ))}
      {paired.map(({ id, images, fixed, broken, interval, p, verdict }) => (
        <p>
          Against <b>{runs[0]!.card.id}</b>, on the same {many(images, "test image")}: <b>{id}</b> has {count(fixed)}{" "}
          right that the first has wrong, and {count(broken)} wrong that it has right. The change of error is between{" "}
          {signed(-100 * interval[1], 1)} and {signed(-100 * interval[0], 1)} points (95 %, {pValue(p)}):{" "}
          {VERDICTS[verdict]}.
        </p>
      ))}
      <Part title="Side by side">
        <Table runs={runs} />
      </Part>
      <Part title="Policies" how="What differs is marked. “off” was there and not used; “–” is not known yet.">
        <Policies of={runs} />
      </Part>
      <Charts runs={runs} name="policy" title="What each search tried" />
      <Charts runs={runs} name="curves" title="How each learnt" />
      <Charts runs={runs} name="classes" title="Class by class" />
    </>
  );
}

const VERDICTS: Readonly<Record<Compared["paired"][number]["verdict"], string>> = {
  better: "fewer mistakes, by more than chance",
  worse: "more mistakes, by more than chance",
  "no-difference": "no difference that these images can show",
  "too-few-images": "too few images to tell",
};

function titleOf({ runs, paired }: Compared): string {
  const known = runs.flatMap(({ card }) => (card.answer ? [{ id: card.id, ...card.answer }] : []));
  const same = new Set(runs.map(({ card }) => card.dataset)).size === 1;
  const best = [...known].sort((a, b) => a.error - b.error)[0];
  if (known.length < 2 || !best || !same) return `${many(runs.length, "run")} side by side`;
  const told = known.map(({ id, error, images }) => `${id} ${percentOf(error, images)}`).join(", ");
  const verdicts = new Set(paired.map(({ verdict }) => verdict));
  if (paired.length === runs.length - 1 && !verdicts.has("better") && !verdicts.has("worse"))
    return verdicts.has("no-difference")
      ? `No difference that ${many(best.images, "test image")} can show: ${told}`
      : `Too few images to tell: ${told}`;
  const ties = known.filter(({ error }) => error === best.error).length;
  return ties > 1
    ? `The fewest mistakes are made by several: ${told}`
    : `${best.id} makes the fewest mistakes: ${told}`;
}

function Table({ runs }: { runs: readonly Details[] }) {
  const rows: readonly (readonly [string, (run: Details) => string])[] = [
    ["finding", ({ card }) => headlineOf(card)],
    ["data", ({ card }) => nameOf(card)],
    ["model", ({ card }) => card.model ?? "–"],
    ["error, baseline → Regimen", ({ card }) => errorWords(card)],
    ["test images", ({ card }) => (card.answer ? count(card.answer.images) : "–")],
    ["trials", ({ card }) => count(card.trials)],
    ["took", ({ card }) => (card.cost ? duration(card.cost.seconds) : "–")],
    ["images seen", ({ card }) => (card.cost ? count(card.cost.imagesSeen) : "–")],
    ["search and final, in plain runs", ({ card }) => card.cost?.plainRuns?.toFixed(1) ?? "–"],
    ["seed", ({ seed }) => (seed === null ? "–" : String(seed))],
    ["backend", ({ backend }) => backend ?? "–"],
  ];
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Runs side by side">
      <table class="side">
        <thead>
          <tr>
            <th scope="col">run</th>
            {runs.map(({ card }) => (
              <th scope="col">
                <a href={toRun(card.id)}>{card.id}</a>
                <span class="block">
                  <State of={card} />
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, say]) => (
            <tr>
              <th scope="row">{name}</th>
              {runs.map((run) => (
                <td>{say(run)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Charts({ runs, name, title }: { runs: readonly Details[]; name: string; title: string }) {
  const drawn = runs.filter(({ charts }) => name in charts);
  if (drawn.length === 0) return null;
  return (
    <Part title={title}>
      <div class="columns">
        {drawn.map((run) => (
          <figure key={run.card.id}>
            <figcaption>{run.card.id}</figcaption>
            <Chart of={run} name={name} />
          </figure>
        ))}
      </div>
    </Part>
  );
}
