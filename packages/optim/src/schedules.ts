import {
  RegimenError,
  defaultsOf,
  type ChoiceAxis,
  type NamedSchedule,
  type NumberAxis,
  type Params,
  type Space,
} from "@regimen/contracts";

const share = (usual: number): NumberAxis => ({ kind: "value", range: [0, 1], default: usual });
/** What every schedule has beside its own. `coolDown`: the share of the run, at its end, in which the rate goes to 0. */
const COOL: Space = {
  coolDown: share(0),
  coolDownBy: { kind: "choice", of: ["linear", "sqrt"], default: "linear" } satisfies ChoiceAxis,
};

/** 1 until the cool-down, then to 0: along a line, or as 1 − √u (Hägele 2024). */
function cooled(progress: number, { coolDown, coolDownBy }: Params): number {
  const begin = 1 - (coolDown as number);
  if (progress <= begin) return 1;
  const u = (progress - begin) / (coolDown as number);
  return coolDownBy === "sqrt" ? 1 - Math.sqrt(u) : 1 - u;
}

function schedule(name: string, space: Space, at: NamedSchedule["at"]): NamedSchedule {
  const whole = { ...space, ...COOL };
  const defaults = defaultsOf(whole);
  return {
    name,
    space: whole,
    at: (progress, given) => {
      const params = { ...defaults, ...given };
      return at(progress, params) * cooled(progress, params);
    },
  };
}

/** A schedule that begins at 1, behind a linear rise from 0 over the first `warmUp` of the run (Goyal 2017). `t`: of the rest. */
const warmed = (name: string, space: Space, body: (t: number, params: Params) => number): NamedSchedule =>
  schedule(name, { ...space, warmUp: share(0) }, (progress, params) => {
    const warmUp = params["warmUp"] as number;
    return progress < warmUp ? progress / warmUp : body(warmUp < 1 ? (progress - warmUp) / (1 - warmUp) : 0, params);
  });

/** The peak throughout. With a warm-up and a cool-down: the trapezoid, warm-up–stable–decay. */
const constant = warmed("constant", {}, () => 1);

/** From 1 to 0 along a line. */
const linear = warmed("linear", {}, (t) => 1 - t);

/** Half a cosine from 1 to 0 (Loshchilov and Hutter 2017, without restarts). */
const cosine = warmed("cosine", {}, (t) => (1 + Math.cos(Math.PI * t)) / 2);

/** Times `factor` at each of `at`: halfway and at three quarters unless told, as He 2016 on CIFAR-10. */
const step = warmed(
  "step",
  {
    at: { kind: "text", default: "0.5/0.75" },
    factor: { kind: "value", range: [1e-3, 1], scale: "log", default: 0.1 },
  },
  (t, { at, factor }) => (factor as number) ** stepsOf(at as string).filter((one) => t >= one).length,
);
function stepsOf(text: string): number[] {
  const steps = text.split("/").map(Number);
  if (steps.every((one) => one > 0 && one < 1)) return steps;
  throw new RegimenError(
    "REG_PARAM",
    `step: at is "${text}"; expected shares of the run above 0 and below 1 with slashes between, as in "0.5/0.75"`,
  );
}

/** Up for the first `warmUp` of the run from 1/25 of the peak, then down to 1e-4 of it, both along a cosine (Smith 2018). */
const oneCycle = schedule("one-cycle", { warmUp: share(0.3) }, (progress, params) => {
  const warmUp = params["warmUp"] as number;
  const between = (from: number, to: number, t: number) => to + ((from - to) * (1 + Math.cos(Math.PI * t))) / 2;
  return warmUp > 0 && progress <= warmUp
    ? between(1 / 25, 1, progress / warmUp)
    : between(1, 1e-4, (progress - warmUp) / (1 - warmUp));
});

export const SCHEDULES: readonly NamedSchedule[] = [constant, linear, step, cosine, oneCycle];
