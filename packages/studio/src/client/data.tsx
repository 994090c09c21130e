import { capital, count, many } from "@regimen/report";
import type { Report } from "@regimen/contracts";
import type { Details } from "../view.ts";
import { Chart } from "./chart.tsx";
import { Part } from "./parts.tsx";

const MOST_FILES = 50;

/** Whether the data are sound: how they were shared out, and what was found wrong with them. */
export function DataSet({ of }: { of: Details }) {
  const { dataset } = of;
  if (dataset === null)
    return (
      <Part title="The data set is described when the run is finished">
        <p>
          Until then: <code>regimen data inspect --data FOLDER</code> counts, and finds duplicates and unreadable files.
        </p>
      </Part>
    );
  const { classes, duplicates, acrossSplits, unreadable, unreadableFiles, splits } = dataset;
  const faults = [
    acrossSplits ? `${many(acrossSplits, "test image")} also in training or validation: the error is flattered` : "",
    duplicates ? `${many(duplicates, "exact duplicate")} in training` : "",
    unreadable ? `${many(unreadable, "unreadable file")} left out` : "",
  ].filter(Boolean);
  const none = (n: number | null) => (n === null ? "–" : count(n));
  return (
    <>
      <Part title={faults.length === 0 ? "Nothing wrong was found with the files" : faults.join("; ")}>
        <dl class="pairs">
          <Pair term="Exact duplicates in training" words={count(duplicates)} />
          <Pair
            term="Test images that also stand in training or validation"
            words={acrossSplits === null ? "no test split" : count(acrossSplits)}
          />
          <Pair term="Unreadable files" words={count(unreadable)} />
        </dl>
        {unreadableFiles.length > 0 && (
          <ul class="files">
            {unreadableFiles.slice(0, MOST_FILES).map(({ file, why }) => (
              <li>
                <code>{file}</code> <span class="s">{why}</span>
              </li>
            ))}
            {unreadableFiles.length > MOST_FILES && (
              <li class="s">and {count(unreadableFiles.length - MOST_FILES)} more</li>
            )}
          </ul>
        )}
      </Part>
      <Part
        title="How the images were shared out"
        how="The model learns from the training images; the search looks at the validation images; the test images are looked at once, at the end."
      >
        <Chart of={of} name="splits" />
      </Part>
      <Part
        title={balanceOf(classes)}
        how={`Labelled images of each class: dark is training, pale is validation${splits.test === null ? "" : ", hollow is test"}.`}
      >
        <Chart of={of} name="balance" />
        <details>
          <summary>These figures as a table</summary>
          <div class="scroll" tabIndex={0} role="region" aria-label="Images per class">
            <table>
              <thead>
                <tr>
                  {["class", "train", "validation", "test", "all"].map((name, i) => (
                    <th scope="col" class={i > 0 ? "n" : ""}>
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {classes.map((c) => (
                  <tr>
                    <th scope="row">{c.name}</th>
                    <td class="n">{count(c.train)}</td>
                    <td class="n">{count(c.validation)}</td>
                    <td class="n">{none(c.test)}</td>
                    <td class="n">{count(c.count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      </Part>
    </>
  );
}

function balanceOf(classes: Report["dataset"]["classes"]): string {
  const sorted = [...classes].sort((a, b) => a.count - b.count);
  const [rare, common] = [sorted[0], sorted.at(-1)];
  if (!rare || !common) return "No class has an image";
  if (rare.count === common.count) return `The classes are even: ${many(rare.count, "labelled image")} each`;
  const least = `${capital(rare.name)} is the rarest class: ${many(rare.count, "labelled image")}`;
  return `${least}, ${common.name} has ${count(common.count)}`;
}

const Pair = ({ term, words }: { term: string; words: string }) => (
  <div>
    <dt>{term}</dt>
    <dd>{words}</dd>
  </div>
);
