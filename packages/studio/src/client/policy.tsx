import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, loss, many, percent, value } from "@regimen/report";
import type { ReportTrial } from "@regimen/contracts";
import type { Details } from "../view.ts";
import { PolicyPicture, crossing, type Brushes, type Hover } from "./brush.ts";
import { Drawing, usePicture } from "./chart.tsx";
import { Part } from "./parts.tsx";

const NONE: Brushes = new Map();

/** The search as parallel coordinates that can be pointed at and brushed, and its trials as a table below. */
export function Search({ of }: { of: Details }) {
  const { card, trials } = of;
  const [inside, setInside] = useState<ReadonlySet<number> | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const running = card.state === "running";
  if (trials.length === 0)
    return (
      <Part title={running ? "No trial is finished yet" : "Nothing was searched"}>
        <p>
          {running ? "The first comes as soon as it is done; this page fills in by itself." : "This run has no trials."}
        </p>
      </Part>
    );
  const shown = trials.flatMap((trial, index) => (inside === null || inside.has(index) ? [{ trial, index }] : []));
  return (
    <>
      <Part
        title={titleOf(trials, running)}
        how={
          "policy" in of.charts ? (
            <>
              Each line is one trial: one way to train. It crosses each axis at the strength that it used.{" "}
              <b class="g">Green</b> is{" "}
              {running ? "the best so far of those trained longest" : "the best of those trained longest"},{" "}
              <span class="r">red</span> the others. Point at a line for its name; drag along an axis to keep only the
              lines that cross there.
            </>
          ) : undefined
        }
      >
        {"policy" in of.charts ? (
          <Coordinates of={of} pointed={pointed} onInside={setInside} />
        ) : (
          <p class="s">This run did not write down what it searched (search.json), so its trials have no axes.</p>
        )}
      </Part>
      <TrialTable of={of} shown={shown} onPoint={setPointed} />
    </>
  );
}

function titleOf(trials: readonly ReportTrial[], running: boolean): string {
  const best = trials.filter(({ status }) => status === "optimal")[0];
  const made = many(trials.length, "trial");
  if (!best) return `${made}, none of them with a score`;
  return running
    ? `${made} so far; the best is ${best.name}, at validation loss ${loss(best.score)}`
    : `${made}; the best was ${best.name}, at validation loss ${loss(best.score)}`;
}

function Coordinates({
  of,
  pointed,
  onInside,
}: {
  of: Details;
  pointed: number | null;
  onInside: (inside: ReadonlySet<number> | null) => void;
}) {
  const { trials } = of;
  const picture = usePicture(of, "policy");
  const box = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<Hover>(null);
  const [brushes, setBrushes] = useState(NONE);
  const pictures = useRef<readonly PolicyPicture[]>([]);
  const state = useRef({ brushes, inside: null as ReadonlySet<number> | null });

  const apply = (next: Brushes): void => {
    const inside = picture?.trace ? crossing(picture.trace, next) : null;
    state.current = { brushes: next, inside };
    setBrushes(next);
    onInside(inside);
    for (const each of pictures.current) each.show(next, inside);
  };

  // The drawing's own effect, which comes first, has put the pictures in.
  useEffect(() => {
    const trace = picture?.trace;
    if (!trace) return;
    pictures.current = [...(box.current?.querySelectorAll("svg") ?? [])].flatMap((svg) => {
      const frame = trace.frames.find(({ width }) => width === svg.viewBox.baseVal.width);
      return frame ? [new PolicyPicture(svg, trace, frame)] : [];
    });
    if (state.current.brushes.size > 0) apply(state.current.brushes);
    for (const each of pictures.current) listen(each, state, apply, setHover);
  }, [picture]);
  useEffect(() => {
    for (const each of pictures.current) each.point(hover?.trial ?? pointed);
  }, [hover, pointed, picture]);

  const trial = hover && trials[hover.trial];
  return (
    <>
      <div class="coordinates" ref={box}>
        <Drawing picture={picture} />
      </div>
      {hover && trial && (
        <div class="tip" role="status" style={{ left: `${hover.x}px`, top: `${hover.y}px` }}>
          <b>{trial.name}</b> {trial.status === "optimal" ? "best" : trial.status}
          <br />
          validation loss {loss(trial.score)}
        </div>
      )}
      {brushes.size > 0 && (
        <p>
          <button type="button" onClick={() => apply(NONE)}>
            Show all {count(trials.length)} trials again
          </button>
        </p>
      )}
    </>
  );
}

/** The listeners go with the picture that they are on. */
function listen(
  picture: PolicyPicture,
  state: { readonly current: { readonly brushes: Brushes; readonly inside: ReadonlySet<number> | null } },
  apply: (next: Brushes) => void,
  setHover: (hover: Hover) => void,
): void {
  const { svg } = picture;
  let dragged: { readonly axis: string; readonly from: number; moved: boolean } | null = null;
  const brush = (axis: string, stretch: readonly [number, number] | null): void => {
    const next = new Map(state.current.brushes);
    if (stretch) next.set(axis, stretch);
    else next.delete(axis);
    apply(next);
  };
  svg.addEventListener("pointerdown", (event) => {
    const at = picture.at(event);
    const axis = picture.grip(at);
    if (axis === null) return;
    dragged = { axis, from: picture.share(at), moved: false };
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  svg.addEventListener("pointermove", (event) => {
    const at = picture.at(event);
    if (dragged) {
      const to = picture.share(at);
      if (Math.abs(to - dragged.from) < 0.01 && !dragged.moved) return;
      dragged.moved = true;
      brush(dragged.axis, [dragged.from, to]);
      return;
    }
    svg.style.cursor = picture.grip(at) === null ? "" : "crosshair";
    const trial = picture.nearest(at, state.current.inside);
    setHover(trial === null ? null : { trial, x: event.clientX, y: event.clientY });
  });
  svg.addEventListener("pointerup", () => {
    // A press without a drag takes the axis' brush away.
    if (dragged && !dragged.moved) brush(dragged.axis, null);
    dragged = null;
  });
  svg.addEventListener("pointercancel", () => (dragged = null));
  svg.addEventListener("pointerleave", () => setHover(null));
}

/** Rows on one page of the table: more make every change of it slow. */
const ROWS = 50;
type Column = {
  readonly name: string;
  readonly of: (t: ReportTrial) => number | string | boolean | null;
  readonly say: (t: ReportTrial) => string;
};

function TrialTable({
  of: { axes, trials },
  shown,
  onPoint,
}: {
  of: Details;
  shown: readonly { readonly trial: ReportTrial; readonly index: number }[];
  onPoint: (index: number | null) => void;
}) {
  const [sort, setSort] = useState({ column: 2, down: false });
  const [page, setPage] = useState(0);
  const columns = useMemo(
    (): readonly Column[] => [
      { name: "trial", of: (t) => t.name, say: (t) => t.name },
      { name: "result", of: (t) => t.status, say: (t) => (t.status === "optimal" ? "best" : t.status) },
      { name: "validation loss", of: (t) => t.score, say: (t) => loss(t.score) },
      { name: "validation error", of: (t) => t.error, say: (t) => (t.error === null ? "–" : percent(t.error)) },
      ...axes.map((axis): Column => {
        const of = (t: ReportTrial) => t.values[axis.id] ?? null;
        return { name: axis.label, of, say: (t) => (of(t) !== null && of(t) === axis.off ? "off" : value(of(t))) };
      }),
      { name: "images seen", of: (t) => t.imagesSeen, say: (t) => count(t.imagesSeen) },
      { name: "why", of: (t) => t.why, say: (t) => t.why ?? "" },
    ],
    [axes],
  );
  const rows = useMemo(() => {
    const { of } = columns[Math.min(sort.column, columns.length - 1)]!;
    return [...shown].sort((a, b) => (sort.down ? -1 : 1) * compare(of(a.trial), of(b.trial)));
  }, [shown, sort, columns]);
  const pages = Math.max(1, Math.ceil(rows.length / ROWS));
  const at = Math.min(page, pages - 1);
  const words = new Set(["trial", "result", "why"]);
  return (
    <Part
      title={
        shown.length === trials.length
          ? `All ${many(trials.length, "trial")}`
          : `${count(shown.length)} of ${many(trials.length, "trial")} cross where you brushed`
      }
      how="Press a column's name to sort by it."
    >
      <div class="scroll" tabIndex={0} role="region" aria-label="Trials">
        <table>
          <thead>
            <tr>
              {columns.map(({ name }, i) => (
                <th
                  scope="col"
                  class={words.has(name) ? "" : "n"}
                  aria-sort={i !== sort.column ? "none" : sort.down ? "descending" : "ascending"}
                >
                  <button
                    type="button"
                    class="sort"
                    onClick={() => setSort({ column: i, down: sort.column === i && !sort.down })}
                  >
                    {name} <i aria-hidden="true">{i !== sort.column ? "" : sort.down ? "↓" : "↑"}</i>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody onPointerLeave={() => onPoint(null)}>
            {rows.slice(at * ROWS, (at + 1) * ROWS).map(({ trial, index }) => (
              <tr key={index} class={trial.status === "optimal" ? "best" : ""} onPointerEnter={() => onPoint(index)}>
                {columns.map(({ name, say }, i) =>
                  i === 0 ? (
                    <th scope="row">{say(trial)}</th>
                  ) : (
                    <td class={words.has(name) ? "" : "n"}>{say(trial)}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <p class="pager">
          <button type="button" disabled={at === 0} onClick={() => setPage(at - 1)}>
            Before
          </button>
          <span class="s">
            {count(at * ROWS + 1)} to {count(Math.min(rows.length, (at + 1) * ROWS))} of {count(rows.length)}
          </span>
          <button type="button" disabled={at === pages - 1} onClick={() => setPage(at + 1)}>
            After
          </button>
        </p>
      )}
    </Part>
  );
}

/** What is missing stands last. */
function compare(a: ReturnType<Column["of"]>, b: ReturnType<Column["of"]>): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a) < String(b)
      ? -1
      : Number(String(a) > String(b));
}
