import { cases } from "./cases/index.ts";
import { GAPS } from "./gaps.ts";

/** What falls short where, an item for each reason, as the README has it. */
export function gapList(): readonly string[] {
  const items = new Map<string, string[]>();
  const put = (backend: string, found: readonly (readonly [name: string, reason: string])[]): void => {
    for (const reason of new Set(found.map(([, reason]) => reason))) {
      const names = found.filter((one) => one[1] === reason).map(([name]) => `\`${name}\``);
      const what = `${reason}: ${names.join(", ")}`;
      items.set(what, [...(items.get(what) ?? []), backend]);
    }
  };
  const of = (gradient: string) => cases.filter((one) => one.gradient === gradient);
  put("every backend", [
    ...of("refused").map(({ name }) => [name, "gradient missing, tfjs refuses it everywhere"] as const),
    ...of("wrong").map(({ name }) => [name, "gradient wrong, tfjs has it wrong everywhere"] as const),
  ]);
  for (const [backend, gaps] of Object.entries(GAPS))
    put(
      backend,
      Object.entries(gaps).map(([name, { is, why }]) => [name, `${is}, ${why}`] as const),
    );
  return [...items].map(([what, backends]) => `- **${backends.join(", ")}**: ${what}`);
}
