import {
  axisLabel,
  comparable,
  imagesSeen,
  type Axis,
  type Curve,
  type Fragment,
  type Params,
  type Point,
  type Problem,
  type ReportAxis,
  type ReportTrial,
  type TextAxis,
  type Trial,
} from "@regimen/contracts";

type Points = { readonly points: readonly Point[] };
type Trained = {
  readonly baseline: Points | undefined;
  readonly final: Points;
  readonly search: { readonly trials: readonly Pick<Trial, "name" | "points" | "score">[] };
};

/** The search as parallel coordinates: one axis a hyperparameter that any trial moved, in the order of the policy's slots. */
export function trialsOf({
  problem,
  trials: made,
  best: chosenPolicy,
}: {
  readonly problem: Problem;
  readonly trials: readonly Trial[];
  readonly best: Fragment;
}): {
  axes: ReportAxis[];
  trials: ReportTrial[];
} {
  // A search may add to what it tried: the chosen trial is the one that tried most of the policy, and nothing else.
  const chosenSteps = chosenPolicy.steps.map((step) => JSON.stringify(step));
  const isWithin = ({ steps, train = {} }: Fragment): boolean =>
    steps.every((step) => chosenSteps.includes(JSON.stringify(step))) &&
    Object.entries(train).every(([key, value]) => chosenPolicy.train?.[key] === value) &&
    (steps.length > 0 || !chosenSteps.length);
  const axisOf = (
    use: string,
    key: string,
    axis: Exclude<Axis, TextAxis>,
    group: string,
    label: string,
  ): ReportAxis => ({
    id: `${use}/${key}`,
    label,
    kind: axis.kind,
    range: axis.kind === "choice" ? axis.of : axis.range,
    scale: axis.kind === "choice" ? null : axis.scale === "powers" ? "log" : (axis.scale ?? "linear"),
    group,
    use,
    off: axis.off ?? null,
  });
  const axes = [
    ...Object.entries(problem.train).flatMap(([key, axis]) =>
      axis.kind === "text" ? [] : [axisOf("train", key, axis, "optimization", key)],
    ),
    ...problem.techniques.flatMap((t) =>
      Object.entries<Axis>(t.space).flatMap(([key, axis]) =>
        axis.kind === "text" ? [] : [axisOf(t.name, key, axis, t.group, axisLabel(t.name, key, axis))],
      ),
    ),
  ];
  const valueOf = (axis: ReportAxis, policy: Fragment): number | string | boolean | null => {
    const key = axis.id.slice(axis.use.length + 1);
    if (axis.use === "train") return ((policy.train ?? {}) as Params)[key] ?? problem.train[key]?.default ?? null;
    return policy.steps.find(({ use }) => use === axis.use)?.with[key] ?? axis.off;
  };
  const furthest = Math.max(...made.map(({ until }) => until));
  const best = made
    .filter(({ policy, score }) => score && isWithin(policy))
    .sort(
      (a, b) =>
        b.policy.steps.length - a.policy.steps.length ||
        b.until - a.until ||
        comparable(a.score!) - comparable(b.score!),
    )[0];
  const trials = made.map((trial): ReportTrial => {
    const status =
      trial.status !== "ok" ? "failed" : trial === best ? "optimal" : trial.until < furthest ? "stopped" : "rejected";
    return {
      name: trial.name,
      values: Object.fromEntries(axes.map((axis) => [axis.id, valueOf(axis, trial.policy)])),
      score: trial.score && comparable(trial.score),
      error: trial.score?.error ?? null,
      status,
      imagesSeen: imagesSeen(trial.cost),
      seconds: trial.cost.seconds,
      why: trial.why,
    };
  });
  const moved = axes.filter((axis) =>
    trials.some(({ values }) => values[axis.id] !== axis.off && values[axis.id] !== null),
  );
  return { axes: moved, trials };
}

/** Learning curves of what has been trained so far. */
export function curvesOf({ baseline, final, search }: Trained): Curve[] {
  const curve = (name: string, role: Curve["role"], points: readonly Point[]): Curve => ({
    name,
    role,
    points: points.map(({ images, logs, score }) => ({
      images,
      train: logs["loss"] ?? 0,
      validation: score?.loss ?? null,
      error: score?.error ?? null,
    })),
  });
  return [
    ...(baseline ? [curve("baseline", "baseline", baseline.points)] : []),
    ...search.trials.map(({ name, points, score }) =>
      curve(
        name,
        "trial",
        points.map((point, at) => (at === points.length - 1 && score ? { ...point, score } : point)),
      ),
    ),
    curve("final", "final", final.points),
  ];
}
