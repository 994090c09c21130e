import { useState } from "preact/hooks";
import { count, duration, many } from "@regimen/report";
import type { Card } from "../view.ts";
import { useLive } from "./api.ts";
import { Actions, Problem, Progress, State, day, errorWords, headlineOf, nameOf } from "./parts.tsx";
import { toCompare, toRun } from "./route.ts";

const ORDER = ["running", "failed", "broken", "stopped", "finished"];
const MOST_COMPARED = 6;

export function RunsPage() {
  const { value: runs, error } = useLive<readonly Card[]>("/api/runs", () => true);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (error !== null && runs === null) return <Problem>{error}</Problem>;
  if (runs === null) return <p class="s">Reading the runs …</p>;
  const compared = chosen.filter((id) => runs.some((run) => run.id === id));
  const toggle = (id: string) =>
    setChosen(compared.includes(id) ? compared.filter((one) => one !== id) : [...compared, id]);
  return (
    <>
      <h1>{titleOf(runs)}</h1>
      {runs.length === 0 ? (
        <p>
          This folder holds no run yet. Start one: <code>regimen train ./photos</code>. It shows up here by itself.
        </p>
      ) : (
        <>
          <p class="how">Newest first; what runs comes before. Tick two or more to see them side by side.</p>
          <p class="compare">
            {compared.length > 1 && compared.length <= MOST_COMPARED ? (
              <a class="button" href={toCompare(compared)}>
                Compare {count(compared.length)} runs
              </a>
            ) : (
              <span class="s">
                {compared.length > MOST_COMPARED ? `At most ${MOST_COMPARED} fit side by side.` : ""}
              </span>
            )}
          </p>
          <ul class="runs">
            {[...runs].sort(byUrgency).map((card) => (
              <RunCard key={card.id} card={card} chosen={compared.includes(card.id)} toggle={() => toggle(card.id)} />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

const newest = (a: Card, b: Card) => ((a.started ?? "") < (b.started ?? "") ? 1 : -1);
const byUrgency = (a: Card, b: Card) => Number(b.state === "running") - Number(a.state === "running") || newest(a, b);

function titleOf(runs: readonly Card[]): string {
  if (runs.length === 0) return "No runs yet";
  const counts = ORDER.flatMap((state) => {
    const n = runs.filter((run) => run.state === state).length;
    return n === 0 ? [] : [`${count(n)} ${state}`];
  });
  return `${many(runs.length, "run")}: ${counts.join(", ")}`;
}

function RunCard({ card, chosen, toggle }: { card: Card; chosen: boolean; toggle: () => void }) {
  const { id, state, why, cost } = card;
  return (
    <li class={`run ${state}`}>
      <div class="head">
        <State of={card} />
        {card.started !== null && <span class="s">{day(card.started)}</span>}
        {state !== "broken" && (
          <label class="pick">
            <input type="checkbox" checked={chosen} onChange={toggle} aria-label={`compare ${id}`} /> compare
          </label>
        )}
      </div>
      <h2>
        <a href={toRun(id)}>{headlineOf(card)}</a>
      </h2>
      {why !== null && <p class="why">{why}</p>}
      <Progress of={card} />
      {state !== "broken" && (
        <dl class="facts">
          <Fact term="data" value={nameOf(card)} />
          {card.model !== null && <Fact term="model" value={card.model} />}
          {card.answer !== null && <Fact term="error" value={errorWords(card)} />}
          {card.policy !== null && <Fact term="policy" value={card.policy} />}
          {cost !== null && (
            <Fact term="took" value={`${duration(cost.seconds)}, ${count(cost.imagesSeen)} images seen`} />
          )}
          <Fact term="folder" value={id} />
        </dl>
      )}
      <Actions of={card} />
    </li>
  );
}

const Fact = ({ term, value }: { term: string; value: string }) => (
  <div>
    <dt>{term}</dt>
    <dd>{value}</dd>
  </div>
);
