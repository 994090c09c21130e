// Pictures of benchmarks/search.mjs, drawn with what the report draws with.
import { createRequire } from "node:module";
import { mean } from "../sides/statistics.mjs";
import { OURS } from "./arms.mjs";

const echarts = createRequire(new URL("../../packages/report/package.json", import.meta.url))("echarts");
const [WIDTH, ROW, LEFT] = [760, 26, 190];
const COLOURS = {
  paper: "#fffdf9",
  ink: "#1d1c1a",
  grid: "#ebe6dc",
  good: "#005a40",
  base: "#6b7078",
  soft: "#c9ccd1",
  goodSoft: "#cde6db",
};

const colourOf = (arm) => (arm === OURS ? COLOURS.good : COLOURS.base);

function draw(arms, x, series, legend) {
  const height = arms.length * ROW + 70;
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: COLOURS.paper,
      textStyle: { color: COLOURS.ink, fontFamily: "sans-serif" },
      grid: { left: LEFT, right: 24, top: legend ? 34 : 12, bottom: 44 },
      ...(legend && { legend: { top: 4, selectedMode: false } }),
      xAxis: {
        type: "value",
        nameLocation: "middle",
        nameGap: 28,
        splitLine: { lineStyle: { color: COLOURS.grid } },
        ...x,
      },
      yAxis: { type: "category", inverse: true, data: arms.map(({ arm }) => arm), axisTick: { show: false } },
      series,
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** A dot a seed, a bar at the mean; best loss on top. */
export const errorPlot = (arms) =>
  draw(arms, { name: "error on the test images, %", scale: true }, [
    {
      type: "scatter",
      symbol: "rect",
      symbolSize: [4, 18],
      data: arms.map(({ arm, rows }, at) => ({
        value: [100 * mean(rows.map(({ error }) => error)), at],
        itemStyle: { color: colourOf(arm) },
      })),
    },
    {
      type: "scatter",
      symbolSize: 8,
      data: arms.flatMap(({ arm, rows }, at) =>
        rows.map(({ error }) => ({ value: [100 * error, at], itemStyle: { color: colourOf(arm), opacity: 0.5 } })),
      ),
    },
  ]);

/** Search and final training in plain runs, one after the other, with the seconds in words. */
export function costPlot(arms) {
  const shares = (key) => arms.map(({ rows }) => mean(rows.map((row) => row[key] / row.plain)));
  const seconds = arms.map(({ rows }) => `${Math.round(mean(rows.map((row) => row.seconds)))} s`);
  const bar = (name, key, colour) => ({
    name,
    type: "bar",
    stack: "cost",
    barWidth: 14,
    itemStyle: { color: colour },
    data: shares(key),
  });
  return draw(
    arms,
    { name: "images seen, in plain runs" },
    [
      bar("search", "searchImages", COLOURS.soft),
      {
        ...bar("final training", "finalImages", COLOURS.goodSoft),
        label: {
          show: true,
          position: "insideRight",
          color: COLOURS.ink,
          formatter: ({ dataIndex }) => seconds[dataIndex],
        },
      },
    ],
    true,
  );
}
