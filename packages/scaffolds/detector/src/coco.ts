/** An object that a detector found: [y0, x0, y1, x1] in pixels, a class number, 0..1. */
export type Found = { readonly at: Box; readonly class: number; readonly score: number };
/**
 * An object that is there. `ignored`: "difficult", whoever finds it is neither right nor wrong; "crowd", and so is whoever finds a part of it.
 */
export type Truth = { readonly at: Box; readonly class: number; readonly ignored?: "difficult" | "crowd" };
type Box = ArrayLike<number>;
export type Image = { readonly found: readonly Found[]; readonly truth: readonly Truth[] };

/** Objects by their box's area in pixels, as COCO has it. */
const AREAS = {
  all: [0, 1e10],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, 1e10],
} as const;
type Area = keyof typeof AREAS;

/** 0.50, 0.55 … 0.95 */
const OVERLAPS = Array.from({ length: 10 }, (_, i) => 0.5 + 0.05 * i);
/** 0, 0.01 … 1: where precision is looked at; products, as numpy makes them, so that a recall of 0.29 is the same number. */
const RECALLS = Array.from({ length: 101 }, (_, i) => i * 0.01);
const MOST = 100;

/** Of one class at one overlap; null where the class has no object. */
type Curve = {
  readonly ap: number;
  /** What was answered, best first, each right or wrong, and in which image. */ readonly answers: readonly {
    score: number;
    right: boolean;
    image: number;
  }[];
};
export type Precision = {
  /** By class, at an overlap of 0.5; null where there is no object of it. */
  readonly classes: readonly {
    readonly objects: number;
    readonly ap50: number | null;
    readonly ap: number | null;
    readonly answers: Curve["answers"];
  }[];
  /** Means over the classes that have objects; null where none has. */
  readonly ap50: number | null;
  /** Over the overlaps 0.5, 0.55 … 0.95 */ readonly ap: number | null;
  readonly small: number | null;
  readonly medium: number | null;
  readonly large: number | null;
};

/**
 * Mean average precision by COCO's rules (Lin et al. 2014, arXiv:1405.0312; its evaluation code): precision made monotone and read
 * at 101 recalls, at most 100 answers an image and class, areas of the boxes in pixels. In double precision, on the host.
 */
export function precisionOf(images: readonly Image[], classes: number): Precision {
  const of = (k: number, area: Area) => curvesOf(images, k, AREAS[area]);
  const each = Array.from({ length: classes }, (_, k) => {
    const whole = of(k, "all");
    return {
      objects: images.reduce((sum, { truth }) => sum + truth.filter((t) => t.class === k && !t.ignored).length, 0),
      ap50: whole?.[0]!.ap ?? null,
      ap: whole && mean(whole.map(({ ap }) => ap)),
      answers: whole?.[0]!.answers ?? [],
      sizes: (["small", "medium", "large"] as const).map((area) => {
        const curves = of(k, area);
        return curves && mean(curves.map(({ ap }) => ap));
      }),
    };
  });
  const [small, medium, large] = [0, 1, 2].map((i) => mean(each.map(({ sizes }) => sizes[i]!))) as [
    number | null,
    number | null,
    number | null,
  ];
  return {
    classes: each.map(({ sizes: _, ...rest }) => rest),
    ap50: mean(each.map(({ ap50 }) => ap50)),
    ap: mean(each.map(({ ap }) => ap)),
    small,
    medium,
    large,
  };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

/** One class, one range of areas: a curve for each overlap; null where no object counts. */
function curvesOf(images: readonly Image[], of: number, range: readonly [number, number]): Curve[] | null {
  const judged = images.map(({ found, truth }, image) =>
    judge(
      found.filter((one) => one.class === of),
      truth.filter((one) => one.class === of),
      range,
      image,
    ),
  );
  const objects = judged.reduce((sum, { counted }) => sum + counted, 0);
  if (objects === 0) return null;
  // A stable sort over the images in their order, as COCO's.
  const all = judged.flatMap(({ answers }) => answers).sort((a, b) => b.score - a.score);
  return OVERLAPS.map((_, t) => {
    const answers = all
      .filter(({ verdicts }) => verdicts[t] !== "ignored")
      .map(({ score, verdicts, image }) => ({ score, right: verdicts[t] === "right", image }));
    return { ap: averagePrecision(answers, objects), answers };
  });
}

/**
 * Recall and precision answer by answer, precision made monotone. `objects`: all of the class; `times`: how often each image is
 * there (once, unless told). In arrays of numbers, since resampling asks for it a thousand times.
 */
export function pointsOf(
  answers: Curve["answers"],
  objects: number,
  times?: ArrayLike<number>,
): { readonly recall: Float64Array; readonly precision: Float64Array } {
  const recall = new Float64Array(answers.length);
  const precision = new Float64Array(answers.length);
  let [right, given, length] = [0, 0, 0];
  for (const answer of answers) {
    const own = times ? times[answer.image]! : 1;
    if (own === 0) continue;
    given += own;
    if (answer.right) right += own;
    recall[length] = right / objects;
    precision[length++] = right / given;
  }
  for (let i = length - 2; i >= 0; i--) precision[i] = Math.max(precision[i]!, precision[i + 1]!);
  return { recall: recall.subarray(0, length), precision: precision.subarray(0, length) };
}

export function averagePrecision(answers: Curve["answers"], objects: number, times?: ArrayLike<number>): number {
  const { recall, precision } = pointsOf(answers, objects, times);
  let at = 0;
  let sum = 0;
  for (const wanted of RECALLS) {
    while (at < recall.length && recall[at]! < wanted) at++;
    sum += precision[at] ?? 0;
  }
  return sum / RECALLS.length;
}

type Verdict = "right" | "wrong" | "ignored";
type Judged = {
  readonly counted: number;
  readonly answers: readonly {
    readonly score: number;
    readonly verdicts: readonly Verdict[];
    readonly image: number;
  }[];
};

/** One class in one image: each answer, best first, takes the object that it overlaps most and nobody has taken. */
function judge(
  found: readonly Found[],
  truth: readonly Truth[],
  [least, most]: readonly [number, number],
  image: number,
): Judged {
  const outside = (box: Box) => area(box) < least || area(box) > most;
  // Objects that count come first: an answer takes one that does not count only where none that counts is left for it.
  const objects = truth
    .map((one) => ({ ...one, aside: one.ignored !== undefined || outside(one.at) }))
    .sort((a, b) => Number(a.aside) - Number(b.aside));
  const answers = [...found].sort((a, b) => b.score - a.score).slice(0, MOST);
  const overlaps = answers.map(({ at }) =>
    objects.map((object) => overlapOf(at, object.at, object.ignored === "crowd")),
  );
  const verdicts = answers.map((): Verdict[] => []);
  for (const overlap of OVERLAPS) {
    const taken = new Set<number>();
    answers.forEach(({ at }, a) => {
      let least = Math.min(overlap, 1 - 1e-10);
      let match = -1;
      for (const [o, object] of objects.entries()) {
        if (taken.has(o) && object.ignored === undefined) continue;
        if (match >= 0 && !objects[match]!.aside && object.aside) break;
        if (overlaps[a]![o]! < least) continue;
        least = overlaps[a]![o]!;
        match = o;
      }
      if (match >= 0) taken.add(match);
      const aside = match >= 0 ? objects[match]!.aside : outside(at);
      verdicts[a]!.push(aside ? "ignored" : match >= 0 ? "right" : "wrong");
    });
  }
  return {
    counted: objects.filter(({ aside }) => !aside).length,
    answers: answers.map(({ score }, a) => ({ score, verdicts: verdicts[a]!, image })),
  };
}

const area = (box: Box): number => (box[2]! - box[0]!) * (box[3]! - box[1]!);

/** Intersection over union; of a crowd, over the answer's own area. */
export function overlapOf(answer: Box, object: Box, crowd = false): number {
  const along = (from: 0 | 1) =>
    Math.max(0, Math.min(answer[from + 2]!, object[from + 2]!) - Math.max(answer[from]!, object[from]!));
  const both = along(0) * along(1);
  const over = crowd ? area(answer) : area(answer) + area(object) - both;
  return over > 0 ? both / over : 0;
}
