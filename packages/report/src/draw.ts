import { CustomChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { clean, escape } from "./html.ts";
import type { Mark } from "./marks.ts";
import { LIGHT, variable } from "./palette.ts";
import { tickLabels } from "./words.ts";

use([CustomChart, GridComponent, SVGRenderer]);

/** A scale along one side of a panel. Without `ticks` it is only a scale; `nice` widens the ends to round numbers. */
type Axis = {
  readonly from: number;
  readonly to: number;
  readonly nice?: boolean;
  /** `to` at the left, or at the bottom. */ readonly inverse?: boolean;
  readonly ticks?: {
    /** Unless told, numbers with as many digits as the steps need. */ readonly label?: (v: number) => string;
    readonly name?: string;
    readonly grid?: boolean;
    readonly top?: boolean;
    readonly about?: number;
    /** The scale ends where the data end, not at a tick. */ readonly open?: boolean;
  };
};
/** A rectangle with two scales. `draw` gets functions from values to pixels of the whole picture. */
export type Panel = {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly draw: (x: (v: number) => number, y: (v: number) => number) => readonly Mark[];
};
export type Plot = { readonly height: number; readonly panels: readonly Panel[] };

/** A picture that can be drawn at any of the page's widths; one unit is one pixel. `label` says its figures in words. */
export type Chart = {
  readonly name: string;
  readonly label: string;
  readonly widths: readonly number[];
  readonly plot: (width: number) => Plot;
};

export const NARROW = 358;
export const WIDE = 720;
export const FULL = 1000;
export const BOTH = [NARROW, WIDE] as const;

const FAMILY = "system-ui, Helvetica Neue, Arial, Liberation Sans, DejaVu Sans, sans-serif";

function axisOption(axis: Axis, index: number, across: boolean) {
  const { ticks } = axis;
  // Equal ends would be no scale at all.
  const to = axis.to === axis.from ? axis.from + 1 : axis.to;
  return {
    gridIndex: index,
    type: "value" as const,
    ...(axis.nice ? { scale: true } : { min: axis.from, max: to }),
    inverse: axis.inverse ?? false,
    splitNumber: ticks?.about ?? 5,
    position: across ? (ticks?.top ? ("top" as const) : ("bottom" as const)) : ("left" as const),
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: {
      show: ticks !== undefined,
      color: LIGHT.ink2,
      fontSize: 12,
      hideOverlap: true,
      showMaxLabel: !ticks?.open,
      formatter: ticks?.label ?? tickLabels(to - axis.from, ticks?.about ?? 5),
    },
    splitLine: {
      showMaxLine: !ticks?.open,
      show: ticks?.grid !== false && ticks !== undefined,
      lineStyle: { color: LIGHT.grid },
    },
    name: clean(ticks?.name ?? ""),
    nameLocation: "middle" as const,
    nameGap: across ? 26 : 34,
    nameTextStyle: { color: LIGHT.ink2, fontSize: 12 },
  };
}

/** The SVG as ECharts writes it. */
function raw(plot: Plot, width: number): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height: Math.ceil(plot.height) });
  try {
    chart.setOption({
      animation: false,
      grid: plot.panels.map(({ left, top, width: w, height }) => ({
        left,
        top,
        width: w,
        height,
        outerBoundsMode: "none",
      })),
      xAxis: plot.panels.map((panel, i) => axisOption(panel.x, i, true)),
      yAxis: plot.panels.map((panel, i) => axisOption(panel.y, i, false)),
      series: plot.panels.map((panel, i) => ({
        type: "custom",
        xAxisIndex: i,
        yAxisIndex: i,
        silent: true,
        // The two corners set the scales; everything is drawn with the first.
        data: [
          [panel.x.from, panel.y.from],
          [panel.x.to, panel.y.to],
        ],
        renderItem: (params: { dataIndex: number }, api: { coord(v: [number, number]): number[] }) =>
          params.dataIndex > 0
            ? null
            : {
                type: "group",
                children: panel.draw(
                  (v) => api.coord([v, panel.y.from])[0]!,
                  (v) => api.coord([panel.x.from, v])[1]!,
                ),
              },
      })),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** Without what only a live chart needs: hover classes, their style sheet, marks for hydration. Texts hold no raw quote, so they are never touched. */
const bare = (svg: string): string =>
  svg
    .replace(/<style[\s\S]*?<\/style>/g, "")
    .replace(/ (class|pointer-events|xml:space|ecmeta_[a-z_]+)="[^"]*"/g, "")
    .replace(/ style="font-size:(\d+)px;[^"]*"/g, ' font-size="$1"')
    .replace(/ style="font: bold (\d+)px[^"]*"/g, ' font-size="$1" font-weight="700"')
    .replace(/ style="font: (\d+)px[^"]*"/g, ' font-size="$1"')
    .replace(/<rect [^>]*fill="none"><\/rect>\n?/, "")
    .replace(/\n+/g, "");

const opening = (width: number, height: number, label: string, more: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(label)}"${more}>`;

/** For the page: the colours are the page's variables, so that dark paper needs no second picture. */
export function inPage(chart: Chart, width: number): string {
  const plot = chart.plot(width);
  const names = new Map(Object.entries(LIGHT).map(([name, hex]) => [hex as string, name]));
  return bare(raw(plot, width))
    .replace(/<svg[^>]*>/, opening(width, Math.ceil(plot.height), chart.label, ""))
    .replace(/ (fill|stroke)="(#[0-9a-f]{6})"/g, (all, what: string, hex: string) => {
      const name = names.get(hex);
      return name ? ` ${what}="var(${variable(name)})"` : all;
    });
}

/** On its own, for a file: light paper, own fonts. */
export function alone(chart: Chart, width: number): string {
  const plot = chart.plot(width);
  const height = Math.ceil(plot.height);
  const paper = `<rect width="100%" height="100%" fill="${LIGHT.paper}"/>`;
  // A margin: in the page the text around the picture gives it.
  const margin = 16;
  const outer = { w: width + 2 * margin, h: height + 2 * margin };
  const inner = bare(raw(plot, width))
    .replace(/<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "");
  return `${opening(outer.w, outer.h, chart.label, ` font-family="${FAMILY}"`)}<title>${escape(chart.label)}</title>${paper}<g transform="translate(${margin} ${margin})">${inner}</g></svg>\n`;
}
