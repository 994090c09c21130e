import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { count, many, percent, sureness } from "@regimen/report";
import type { Misclassified } from "@regimen/contracts";
import type { Details } from "../view.ts";
import { Part } from "./parts.tsx";

/** Only pictures that are in the data themselves: anything else would be a way out to the network. */
const PICTURE = /^data:image\/(png|jpeg);base64,[A-Za-z0-9+/]+=*$/;
const MORE = 24;

const KINDS = {
  any: "all of them",
  broken: "newly broken: the baseline had it right",
  both: "wrong in both",
  check: "check the label: both give the same other answer, each over 90 % sure",
} as const;
type Kind = keyof typeof KINDS;

function isKind(m: Misclassified, kind: Kind): boolean {
  if (kind === "any") return true;
  if (m.baseline === null) return false;
  if (kind === "broken") return m.baseline.predicted === m.label;
  if (kind === "both") return m.baseline.predicted !== m.label;
  const { baseline, regimen } = m;
  return (
    baseline.predicted === regimen.predicted &&
    baseline.predicted !== m.label &&
    Math.min(baseline.probability, regimen.probability) > 0.9
  );
}

export function Mistakes({ of }: { of: Details }) {
  return of.card.answer !== null && of.worst !== null ? (
    <Worst of={of} worst={of.worst} />
  ) : (
    <Misclassifications of={of} />
  );
}

/** Where answers are graded: the images with the largest errors. */
function Worst({ of: { overlays, classes }, worst }: { of: Details; worst: NonNullable<Details["worst"]> }) {
  const [most, setMost] = useState(MORE);
  const columns = overlays?.columns ?? ["image"];
  const name = (k: number) => classes[k]?.name ?? `class ${k}`;
  const names = (chosen: readonly number[]) => chosen.map(name).join(", ") || "none";
  return (
    <Part
      title={`The ${many(worst.length, "image")} with the largest errors`}
      how={overlays === null ? "Worst first." : `Worst first. From left to right: ${columns.join(", ")}.`}
    >
      {overlays !== null && (
        <ul class="keys" aria-label="Colours of the classes">
          {overlays.colours.map(
            ({ name: words, colour }) =>
              colour !== null &&
              /^#[0-9a-f]{6}$/.test(colour) && (
                <li>
                  <i style={{ background: colour }} />
                  {words}
                </li>
              ),
          )}
        </ul>
      )}
      <ul class="strips">
        {worst.slice(0, most).map(({ id, error, baseline, image, several }) => (
          <li class={columns.length > 1 || image === null ? "strip" : "strip single"} key={id}>
            {image !== null && PICTURE.test(image) && (
              <p class="pictures" style={{ "--columns": columns.length }}>
                <img alt={`${columns.join(", ")} of ${id}`} src={image} />
              </p>
            )}
            <div>
              <p>
                error <b>{percent(error, 0)}</b>
                {baseline !== null && <span class="s"> · baseline {percent(baseline, 0)}</span>}
              </p>
              {several !== null && (
                <p>
                  has <b>{names(several.labels)}</b>; Regimen <b>{names(several.regimen)}</b>
                  {several.baseline !== null && <span class="s">; baseline {names(several.baseline)}</span>}
                </p>
              )}
              <p class="file s">{id}</p>
            </div>
          </li>
        ))}
      </ul>
      {worst.length > most && (
        <button type="button" onClick={() => setMost(most + MORE)}>
          Show more
        </button>
      )}
    </Part>
  );
}

function Misclassifications({ of: { misclassified, classes, wrong, card } }: { of: Details }) {
  const [label, setLabel] = useState("");
  const [answer, setAnswer] = useState("");
  const [kind, setKind] = useState<Kind>("any");
  const [most, setMost] = useState(MORE);
  const name = (i: number) => classes[i]?.name ?? `class ${i}`;
  if (card.answer === null)
    return (
      <Part title="No test image was looked at yet">
        <p>The worst mistakes are kept when the run is finished.</p>
      </Part>
    );
  if (misclassified.length === 0)
    return (
      <Part title="No test image was answered wrongly">
        <p>There is nothing to look through.</p>
      </Part>
    );
  const found = misclassified.filter(
    (m) =>
      (label === "" || m.label === Number(label)) &&
      (answer === "" || m.regimen.predicted === Number(answer)) &&
      isKind(m, kind),
  );
  const options = (used: ReadonlySet<number>) =>
    classes.flatMap(({ name: words }, i) => (used.has(i) ? [<option value={String(i)}>{words}</option>] : []));
  return (
    <Part
      title={`${many(wrong, "test image")} answered wrongly${misclassified.length < wrong ? `; the ${count(misclassified.length)} surest are here` : ""}`}
      how="The surest mistakes come first: often a wrong label, or a picture that shows two things."
    >
      <div class="filters">
        <Choice name="label" value={label} set={setLabel}>
          <option value="">any</option>
          {options(new Set(misclassified.map((m) => m.label)))}
        </Choice>
        <Choice name="answered" value={answer} set={setAnswer}>
          <option value="">anything</option>
          {options(new Set(misclassified.map((m) => m.regimen.predicted)))}
        </Choice>
        <Choice name="kind" value={kind} set={(v) => setKind(v as Kind)}>
          {Object.entries(KINDS).map(([key, words]) => (
            <option value={key}>{words}</option>
          ))}
        </Choice>
      </div>
      <p class="s" role="status">
        {count(found.length)} of {count(misclassified.length)} shown
      </p>
      <ul class="cards">
        {found.slice(0, most).map((m) => (
          <li class="card" key={m.id}>
            {m.image !== null && PICTURE.test(m.image) ? (
              <img alt={`labelled ${name(m.label)}`} src={m.image} />
            ) : (
              <div class="noimage">no picture</div>
            )}
            <div>
              <p>
                label <b>{name(m.label)}</b>
              </p>
              {m.baseline !== null && <Guess who="baseline" of={m.baseline} label={m.label} name={name} />}
              <Guess who="Regimen" of={m.regimen} label={m.label} name={name} />
            </div>
            <p class="file s">{m.id}</p>
          </li>
        ))}
      </ul>
      {found.length > most && (
        <button type="button" onClick={() => setMost(most + MORE)}>
          Show more
        </button>
      )}
    </Part>
  );
}

const Guess = ({
  who,
  of: { predicted, probability },
  label,
  name,
}: {
  who: string;
  of: Misclassified["regimen"];
  label: number;
  name: (i: number) => string;
}) => (
  <p>
    <span class="s">{who}</span>{" "}
    <b class={predicted === label ? "g" : "r"}>
      {predicted === label ? "✓" : "✕"} {name(predicted)}
    </b>{" "}
    <span class="s">{sureness(probability)} sure</span>
  </p>
);

const Choice = ({
  name,
  value,
  set,
  children,
}: {
  name: string;
  value: string;
  set: (value: string) => void;
  children: ComponentChildren;
}) => (
  <label>
    <span class="s">{name}</span>
    <select value={value} onChange={(event) => set(event.currentTarget.value)}>
      {children}
    </select>
  </label>
);
