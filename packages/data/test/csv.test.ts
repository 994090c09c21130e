import { beforeAll, describe, expect, it } from "vitest";
import { csvFile } from "../src/index.ts";
import { openCsv } from "../src/csv.ts";
import { all, expectCode, howIn, plain, tempFolder, write } from "./helpers.ts";

const RED = [255, 0, 0] as const;
const BLUE = [0, 0, 255] as const;

describe("csv", () => {
  let root: string;
  beforeAll(async () => {
    root = await tempFolder();
    await plain(root, "set/images/1.png", RED);
    await plain(root, "set/images/2.png", BLUE);
    await plain(root, "set/images/with, comma.png", RED);
  });
  const csv = async (text: string, more = {}) => {
    await write(root, "set/labels.csv", text);
    return csvFile("set/labels.csv", { base: root, ...more });
  };

  it("reads rows in order, relative to the CSV, with and without labels", async () => {
    const samples = await csv('path,label\nimages/2.png,zebra\nimages/1.png,ant\n"images/with, comma.png",\n');
    expect(samples.classes).toEqual(["ant", "zebra"]);
    expect([...samples.labels()!]).toEqual([0, 1, 1, 0, NaN, NaN]);
    expect(all(samples).map((row) => samples.id(row))).toEqual([
      "set/images/2.png",
      "set/images/1.png",
      "set/images/with, comma.png",
    ]);
    expect([...(await samples.read([0])).images.subarray(0, 3)]).toEqual([...BLUE]);
    samples.dispose();
  });

  it("puts up with a BOM, semicolons, backslashes, spaces and Windows line ends", async () => {
    const samples = await csv("\uFEFFPath;Label\r\nimages\\1.png ; b\r\n\r\n.\\images\\2.png;a\r\n");
    expect(samples.classes).toEqual(["a", "b"]);
    expect([...samples.labels()!]).toEqual([0, 1, 1, 0]);
    expect(samples.id(1)).toBe("set/images/2.png");
    samples.dispose();
  });

  it("keeps to one split where told, and finds columns under their other names", async () => {
    const text =
      "file\tclass\tsplit\timages\nimages/1.png\ta\ttrain\t1\nimages/2.png\tb\ttrain\t2\nimages/1.png\tb\ttest\t3\n";
    const train = await csv(text, { split: "train" });
    const test = await csv(text, { split: "test", classes: train.classes });
    expect([train.length, test.length]).toEqual([2, 1]);
    expect([...test.labels()!]).toEqual([0, 1]);
    train.dispose();
    test.dispose();
    await expectCode(csv(text, { split: "val" }), "REG_DATA_EMPTY", '"val"', '"test", "train"');
    await expectCode(
      csv("path,label\nimages/1.png,a\n", { split: "train" }),
      "REG_DATA_UNREADABLE",
      'no column "split"',
    );
  });

  it("reads soft labels; a label that was corrected counts in their place, an empty one is none", async () => {
    const text = [
      "path,label,confidence,p_Zebra,p_ant",
      "images/1.png,ant,0.75,0.25,0.75",
      "images/2.png,Zebra,0.75,0.25,0.75",
      "images/1.png,,0.6,0.6,0.4",
      "images/2.png,Zebra,,,",
      "images/2.png,Zebra,0.5,0.5,0.5",
    ].join("\n");
    const samples = await csv(text);
    expect(samples.classes).toEqual(["ant", "Zebra"]);
    expect([...samples.labels()!]).toEqual([0.75, 0.25, 0, 1, NaN, NaN, 0, 1, 0.5, 0.5]);
    samples.dispose();
    const other = await csv(text, { classes: ["Zebra", "yak", "ant"] });
    expect([...other.labels()!.subarray(0, 3)]).toEqual([0, 0, 1]);
    other.dispose();
    await expectCode(
      csv("path,label,p_a,p_b\nimages/1.png,a,0.9,0.9\n"),
      "REG_DATA_LABEL",
      "line 2",
      "0.9, 0.9",
      "sum to 1",
    );
  });

  it("reads a list without labels; a limit takes the first rows", async () => {
    const samples = await csv("path\nimages/1.png\nimages/2.png\n", { limit: 1 });
    expect([samples.length, samples.labels(), samples.classes]).toEqual([1, undefined, []]);
    samples.dispose();
  });

  it("filters rows by whether they have a label", async () => {
    const text = "path,label\nimages/1.png,a\nimages/2.png,\nimages/2.png,b\n";
    const [labelled, rest, blind] = [
      await csv(text, { only: "labelled" }),
      await csv(text, { only: "unlabelled" }),
      await csv(text, { labels: false }),
    ];
    expect([labelled.length, rest.length, blind.length]).toEqual([2, 1, 3]);
    expect(blind.labels()).toBeUndefined();
    for (const samples of [labelled, rest, blind]) samples.dispose();
  });

  it("skips rows whose file is missing or not named", async () => {
    const samples = await csv("path,label\nimages/1.png,a\nimages/9.png,b\n,b\nimages/2.png,b\nimages,a\n");
    expect(samples.length).toBe(2);
    expect(samples.skipped).toEqual([
      { file: "set/labels.csv, line 4", why: "the row names no file" },
      { file: "set/images/9.png", why: "there is no such file" },
      { file: "set/images", why: "it is a folder, not an image" },
    ]);
    samples.dispose();
  });

  it("fails with codes", async () => {
    await expectCode(csv("name,label\nx,y\n"), "REG_DATA_UNREADABLE", '"name", "label"', "path,label");
    await expectCode(csv(""), "REG_DATA_UNREADABLE", "none");
    await expectCode(csv("path,label\n"), "REG_DATA_EMPTY", "no row");
    await expectCode(csv('path,label\n"images/1.png,a\n'), "REG_DATA_UNREADABLE", "not a CSV file");
    await expectCode(csv("path,label\nimages/1.png,a\nimages/2.png,a\n"), "REG_DATA_ONE_CLASS", '"a"');
    await expectCode(
      csv("path,label\nimages/1.png,cat\nimages/2.png,dgo\n", { classes: ["cat", "dog"] }),
      "REG_DATA_LABEL",
      "line 3",
      '"dgo"',
      'did you mean "dog"',
    );
    await expectCode(csv("path,label\nimages/8.png,a\nimages/9.png,b\n"), "REG_DATA_EMPTY", "none of the 2");
    await expectCode(csvFile("set", { base: root }), "REG_DATA_PATH", "folder");
    await expectCode(csvFile("no.csv", { base: root }), "REG_DATA_PATH", "does not exist");
    await expectCode(
      openCsv({ format: "csv", path: "set/labels.csv", split: 3 }, howIn(root)),
      "REG_CONFIG_INVALID",
      "split",
    );
  });
});
