import { shortUse, value } from "@regimen/report";
import type { Report } from "@regimen/contracts";
import type { Details } from "../view.ts";

type Row = { readonly name: string; readonly cells: readonly string[] };

const trainOf = (policy: Report["policy"] | null, key: string): string => {
  const set = policy?.train?.[key];
  return set === undefined ? "–" : value(set);
};

function stepOf(policy: Report["policy"] | null, use: string): string {
  if (policy === null) return "–";
  const step = policy.steps.find((one) => one.use === use);
  if (!step) return "off";
  if (step.refused) return `refused: ${step.refused.because}`;
  const set = Object.entries(step.with).map(([key, v]) => `${key} = ${value(v)}`);
  return set.length === 0 ? "on" : set.join(", ");
}

/** Settings and techniques of policies side by side; what differs is marked. */
export function Policies({ of }: { of: readonly Details[] }) {
  const policies = of.map(({ policy }) => policy);
  if (policies.every((policy) => policy === null)) return <p>The policy is written when the search is done.</p>;
  const keys = [...new Set(policies.flatMap((policy) => Object.keys(policy?.train ?? {})))];
  const uses = [...new Set(policies.flatMap((policy) => (policy?.steps ?? []).map(({ use }) => use)))];
  const rows: readonly Row[] = [
    ...keys.map((key) => ({ name: key, cells: policies.map((policy) => trainOf(policy, key)) })),
    ...uses.map((use) => ({ name: shortUse(use), cells: policies.map((policy) => stepOf(policy, use)) })),
  ];
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Policies">
      <table class="side">
        <thead>
          <tr>
            <th scope="col">setting</th>
            {of.map(({ card, policy }) => (
              <th scope="col">
                {policy?.name ?? "no policy yet"}
                {of.length > 1 && <span class="s block">{card.id}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, cells }) => {
            const differs = new Set(cells).size > 1;
            return (
              <tr class={differs ? "differs" : ""}>
                <th scope="row">
                  {name}
                  {differs && <span class="s"> differs</span>}
                </th>
                {cells.map((cell) => (
                  <td>{cell}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
