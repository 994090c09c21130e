import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { capital, duration, loss, many, percentOf } from "@regimen/report";
import type { Card, RunState } from "../view.ts";
import { hasToken, post, runPath } from "./api.ts";

const MARKS: Readonly<Record<RunState, string>> = {
  running: "●",
  finished: "✓",
  stopped: "◦",
  failed: "✕",
  broken: "!",
};

export const State = ({ of: { state } }: { of: Card }) => (
  <span class={`state ${state}`}>
    <i aria-hidden="true">{MARKS[state]}</i> {state}
  </span>
);

/** What a run is called: its data set, else its folder. */
export const nameOf = ({ dataset, id }: Card): string => dataset ?? id;

export const day = (started: string | null): string => {
  const at = new Date(started ?? "");
  return Number.isNaN(at.getTime())
    ? (started ?? "–")
    : at.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
};

/** The finding, or how far it is. */
export function headlineOf(card: Card): string {
  if (card.answer) return card.answer.headline;
  if (card.state === "broken") return `The folder “${card.id}” cannot be read`;
  const found = card.best === null ? "" : `, best validation loss ${loss(card.best)}`;
  const made = card.trials === 0 ? "no trial yet" : `${many(card.trials, "trial")} so far`;
  if (card.state === "running") return `${capital(card.progress?.message ?? "training")}: ${made}${found}`;
  if (card.state === "finished")
    return card.job === "search" ? `Searched: ${many(card.trials, "trial")}${found}` : "Finished";
  return `${capital(card.state)} after ${card.trials === 0 ? "no trial" : many(card.trials, "trial")}${found}`;
}

export function Progress({ of: { progress } }: { of: Card }) {
  if (!progress) return null;
  const { share, imagesPerSecond, secondsLeft } = progress;
  const words = [
    secondsLeft === null ? "time left not known yet" : `about ${duration(secondsLeft)} left`,
    ...(imagesPerSecond === null ? [] : [`${Math.round(imagesPerSecond).toLocaleString("en-GB")} images/s`]),
  ];
  return (
    <div class="progress">
      {share !== null && (
        <progress max={1} value={share} aria-label={`${progress.stage}: this training`}>
          {Math.round(100 * share)} %
        </progress>
      )}
      <p class="s">{words.join(" · ")}</p>
    </div>
  );
}

export const errorWords = ({ answer }: Card): string =>
  answer === null
    ? "–"
    : answer.baseline === null
      ? percentOf(answer.error, answer.images)
      : `${percentOf(answer.baseline, answer.images)} → ${percentOf(answer.error, answer.images)}`;

/** Stop, resume and report, as far as the run allows. */
export function Actions({ of: { id, can, state } }: { of: Card }) {
  const [said, setSaid] = useState<string | null>(null);
  const act = (what: "stop" | "resume") => async () => {
    setSaid(null);
    try {
      await post(`${runPath(id)}/${what}`);
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  const locked = (can.stop || can.resume) && !hasToken();
  return (
    <div class="actions">
      {can.stop && (
        <button type="button" disabled={locked} onClick={act("stop")}>
          Stop, and keep what is done
        </button>
      )}
      {can.resume && (
        <button type="button" disabled={locked} onClick={act("resume")}>
          Resume
        </button>
      )}
      {can.report && (
        <a class="button" href={`/report/${encodeURIComponent(id)}`} target="_blank" rel="noopener">
          Open the report
        </a>
      )}
      {locked && <p class="s">To stop or resume, open the whole address that regimen studio printed.</p>}
      {state === "running" && !can.stop && !locked && <p class="s">It cannot be stopped from here now.</p>}
      {said !== null && (
        <p class="r" role="alert">
          {said}
        </p>
      )}
    </div>
  );
}

/** One anatomy for all that is shown: the finding as title, how to read it, the thing itself. */
export const Part = ({
  title,
  how,
  children,
}: {
  title: string;
  how?: ComponentChildren;
  children: ComponentChildren;
}) => (
  <section class="part">
    <h2>{title}</h2>
    {how !== undefined && <p class="how">{how}</p>}
    {children}
  </section>
);

export const Problem = ({ children }: { children: ComponentChildren }) => (
  <div class="problem" role="alert">
    {children}
  </div>
);
