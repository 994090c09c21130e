import fc from "fast-check";
import { parse, type DefaultTreeAdapterTypes, type ParserError } from "parse5";
import { describe, expect, it } from "vitest";
import { renderReport } from "../src/index.ts";
import { script } from "../src/script.ts";
import { fixture } from "./fixture.ts";
import { graded } from "./graded.ts";
import { variants } from "./variants.ts";

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;
const elements = (node: Node): Element[] => [
  ...("tagName" in node ? [node] : []),
  ...("childNodes" in node ? node.childNodes.flatMap(elements) : []),
];
const attribute = (e: Element, name: string) => e.attrs.find((a) => a.name === name)?.value;

const VOID = new Set(["meta", "br", "img"]);
/** Tags that are not closed in the order in which they were opened: HTML forgives them, this test does not. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  for (const [, end, name, closed] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/gi)) {
    if (VOID.has(name!) || closed) continue;
    if (!end) open.push(name!);
    else if (open.pop() !== name) faults.push(`</${name}>`);
  }
  return [...faults, ...open];
}

/** The page as a tree; fails where it is not well-formed. */
function read(page: string): Element[] {
  expect(unbalanced(page)).toEqual([]);
  const errors: ParserError[] = [];
  const all = elements(parse(page, { sourceCodeLocationInfo: true, onParseError: (e) => errors.push(e) }));
  expect(errors.map((e) => `${e.code} at ${page.slice(Math.max(0, e.startOffset - 60), e.endOffset + 20)}`)).toEqual(
    [],
  );
  return all;
}
const sections = (all: Element[]) => all.filter((e) => e.tagName === "section").map((e) => attribute(e, "id"));

/** Nothing on the page may run, or be fetched. */
function harmless(all: Element[]) {
  const faults: string[] = [];
  const ids = new Set<string>();
  for (const e of all) {
    // The page's own script alone; the policy's hash forbids any other.
    if (e.tagName === "script") {
      const text = e.childNodes.map((child) => ("value" in child ? child.value : "")).join("");
      if (text !== script || e.attrs.length > 0) faults.push(`script ${text.slice(0, 80)}`);
    }
    if (["iframe", "object", "embed", "link", "base", "form"].includes(e.tagName)) faults.push(e.tagName);
    for (const { name, value } of e.attrs) {
      const fault = () => faults.push(`${e.tagName} ${name}=${value.slice(0, 80)}`);
      if (name.startsWith("on")) fault();
      const address = ["href", "src", "srcset", "data", "xlink:href"].includes(name);
      if (address && !/^(#[a-z0-9-]+$|data:image\/(png|jpeg);base64,)/.test(value)) fault();
      const words = name.startsWith("xmlns") || ["aria-label", "alt", "content"].includes(name);
      if (!words && !value.startsWith("data:image/") && /https?:|\/\/|url\(|javascript:/i.test(value)) fault();
      if (name === "id") {
        if (ids.has(value)) fault();
        ids.add(value);
      }
    }
  }
  expect(faults).toEqual([]);
}

/** The first place where a text says what it must not, with what stands around it. */
const around = (text: string, what: RegExp): string | null => {
  const at = text.search(what);
  return at < 0 ? null : text.slice(Math.max(0, at - 120), at + 60);
};

const ALL = [
  "answer",
  "limits",
  "data",
  "model",
  "policy",
  "techniques",
  "refused",
  "classes",
  "confusion",
  "error",
  "unlabelled",
  "calibration",
  "curves",
  "cost",
  "mistakes",
  "augmented",
  "synthetic",
  "reproduce",
];

describe("the page", () => {
  it("is one well-formed, harmless file with every section", () => {
    const page = renderReport(fixture());
    const all = read(page);
    harmless(all);
    expect(sections(all)).toEqual(ALL);
    expect(all.filter((e) => e.tagName === "h1")).toHaveLength(1);
    const policy = all.find((e) => e.tagName === "meta" && attribute(e, "http-equiv") === "Content-Security-Policy");
    expect(attribute(policy!, "content")).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/]+='; style-src 'unsafe-inline'; img-src data:;/,
    );
    // Each contents entry leads somewhere, each picture says its figures.
    const links = all.filter((e) => e.tagName === "a").flatMap((e) => attribute(e, "href") ?? []);
    expect(new Set(links)).toEqual(new Set(ALL.map((id) => `#${id}`)));
    for (const svg of all.filter((e) => e.tagName === "svg"))
      expect(attribute(svg, "aria-label")!.length).toBeGreaterThan(20);
  });
  it("says the same of the same report", () => {
    expect(renderReport(fixture())).toBe(renderReport(fixture()));
  });
  it("holds every figure that a reader looks for", () => {
    const text = renderReport(fixture())
      .replace(/<[^>]*>/g, " ")
      .replace(/[\u202f\u00a0]/g, " ")
      .replace(/\s+/g, " ");
    for (const said of [
      "error fell from 12.1 % to 8.1 %",
      "Regimen used 1.98 plain runs",
      "0.58 of them to search",
      "only seed 7 was trained",
      "Crazing is the rarest class: 260 of 2,402",
      "ends after 2,048 of 9,312 bytes",
      "resnet20v2, 572,774 parameters",
      "The search kept 5 of 9 techniques",
      "mixup (m)",
      "unlabelled images (r)",
      "−0.041 (−0.060 to −0.022)",
      "not measured, kept",
      "31 of 96 right answers “scratches” turned into “rolled-in scale”",
      "Error is 33 % lower",
      "check the label",
      "newly broken",
      "npx regimen train ./steel --set model.architecture=resnet20 --set training.epochs=30 --seed 7",
    ]) {
      expect(text.includes(said), said).toBe(true);
    }
  });
  it("explains the letters that are there, and shows no setting that says nothing", () => {
    const report = fixture();
    const step = { use: "@regimen/technique-randaugment", version: "0.1.0", with: { n: 2, m: 9, rr: 1, without: "" } };
    const given = {
      ...report,
      policy: { ...report.policy, steps: [step] },
      search: { ...report.search, axes: [], trials: [] },
    };
    const page = renderReport(given);
    expect(page).toContain("(rr) replacement rate");
    expect(page).not.toContain("(r) ratio");
    expect(page).not.toContain("without =");
    expect(renderReport(report)).toContain("(r) ratio");
  });
  it("fails, in this very test, on a page that is not well-formed", () => {
    expect(() => read(renderReport(fixture()).replace("</h2>", "</h3>"))).toThrow();
  });
});

describe("what may be missing", () => {
  for (const [name, { report, absent, more = [] }] of Object.entries(variants())) {
    it(name, () => {
      const page = renderReport(report);
      const all = read(page);
      harmless(all);
      const wanted = ALL.flatMap((id) => (id === "classes" ? [...more, id] : [id]));
      expect(sections(all)).toEqual(wanted.filter((id) => !absent.includes(id)));
      const text = page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, "").replace(/<[^>]*>/g, " ");
      expect(around(text, /\b(undefined|NaN|Infinity|null)\b|\[object/)).toBeNull();
      expect(around(page, /NaN|"undefined"|Infinity/)).toBeNull();
    });
  }
});

describe("hostile names", () => {
  const evil = `<script>alert("1")</script>'&--><!--]]>{a|b}\u0000\u202e${"x".repeat(200)}`;
  /** Every text of a report, whatever it says, replaced. */
  const poison = <T>(v: T, key = ""): T => {
    // Words that the format itself fixes.
    if (["status", "verdict", "kind", "scale", "role", "split", "task", "image", "use", "id"].includes(key)) return v;
    if (typeof v === "string") return `${evil}${v}` as T;
    if (Array.isArray(v)) return v.map((x) => poison(x, key)) as T;
    if (v && typeof v === "object")
      return Object.fromEntries(
        Object.entries(v).map(([k, x]) => [k, k === "values" || k === "range" ? x : poison(x, k)]),
      ) as T;
    return v;
  };
  it("are only ever text", () => {
    const report = poison(fixture());
    const page = renderReport(report);
    const all = read(page);
    harmless(all);
    expect(sections(all)).toEqual(ALL);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.includes("\u0000")).toBe(false);
  });
  it("nor are those of a task", () => {
    const report = poison(graded());
    const page = renderReport({ ...report, exhibits: report.exhibits.map((one) => ({ ...one, id: evil })) });
    harmless(read(page));
    expect(page.match(/<script/g)).toHaveLength(1);
    const { overlays } = graded();
    const colours = [{ name: "a", colour: "red;background:url(//example.org/x)" }];
    expect(renderReport({ ...graded(), overlays: { ...overlays!, colours } })).not.toContain("example.org");
  });
  it("whatever they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (name) => {
        const report = fixture({ classes: [name, "other"], trials: 1 });
        const all = read(
          renderReport({ ...report, limits: [name], run: { ...report.run, command: name, machine: name } }),
        );
        harmless(all);
      }),
      { numRuns: 4, examples: [["\u{10fffe}\ufdd0\u0085\ud800"]] },
    );
  });
  it("no picture is taken from elsewhere", () => {
    const report = fixture();
    const pictures = (...images: string[]) => {
      const misclassified = images.map((image, i) => ({ ...report.misclassified[i]!, image }));
      // Among the cards; the sheets' pictures are of the same kind.
      const all = read(renderReport({ ...report, misclassified, synthetic: [], augmented: null }));
      return all.filter((e) => e.tagName === "img" && (attribute(e, "alt") ?? "").startsWith("labelled"));
    };
    const foreign = [
      "https://example.org/a.png",
      "file:///etc/passwd",
      "data:text/html;base64,AAAA",
      'data:image/png;base64,AA" onload="x',
      "data:image/svg+xml;base64,AAAA",
    ];
    expect(pictures(...foreign)).toEqual([]);
    expect(pictures(...foreign, "data:image/png;base64,AAAA")).toHaveLength(1);
  });
});
