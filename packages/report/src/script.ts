// The page's only script: pointing at and choosing among the trials of the policy chart. Without it the page says the same.
import { createHash } from "node:crypto";

/** Runs in the page, and sees nothing but it. Texts go in as text, never as HTML. */
function follow(): void {
  type Frame = {
    width: number;
    lying: boolean;
    at: number[];
    ends: [number, number];
    spread: [number, number];
  };
  type Trial = {
    name: string;
    status: string;
    chosen: boolean;
    score: string;
    at: (number | null)[];
    nudge: number;
    values: string[];
  };
  type Trace = { frames: Frame[]; axes: string[]; trials: Trial[] };
  type Choice = { axis: number; from: number; to: number };
  const SVG = "http://www.w3.org/2000/svg";

  for (const figure of document.querySelectorAll<HTMLElement>("[data-trials]")) {
    const trace = JSON.parse(figure.dataset["trials"]!) as Trace;
    const choices = new Map<number, Choice>();
    let pointed: Trial | null = null;
    const told = document.createElement("p");
    told.className = "told";
    const words = document.createElement("span");
    words.setAttribute("aria-live", "polite");
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = "Show all trials";
    clear.hidden = true;
    told.append(words, clear);
    figure.querySelector("figcaption")?.after(told);

    const inside = (trial: Trial, { axis, from, to }: Choice): boolean => {
      const q = trial.at[axis];
      return q !== null && q !== undefined && q >= Math.min(from, to) - 0.005 && q <= Math.max(from, to) + 0.005;
    };
    const kept = (): Trial[] => trace.trials.filter((trial) => [...choices.values()].every((c) => inside(trial, c)));

    const charts = [...figure.querySelectorAll<SVGSVGElement>(".chart svg")].flatMap((svg) => {
      const frame = trace.frames.find(({ width }) => width === svg.viewBox.baseVal.width);
      if (!frame) return [];
      const layer = document.createElementNS(SVG, "g");
      layer.setAttribute("class", "layer");
      svg.append(layer);
      return [{ svg, frame, layer }];
    });
    const place = ({ ends: [zero, one] }: Frame, q: number): number => zero + q * (one - zero);
    const points = (frame: Frame, trial: Trial): [number, number][] =>
      trial.at.flatMap((q, i): [number, number][] => {
        if (q === null) return [];
        const apart = i === frame.at.length - 1 ? 0 : trial.nudge * frame.spread[q === 0 ? 0 : 1];
        const along = place(frame, q) + apart;
        return [frame.lying ? [along, frame.at[i]!] : [frame.at[i]!, along]];
      });
    const add = (layer: SVGGElement, name: string, attributes: { [key: string]: string | number }): void => {
      const element = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
      layer.append(element);
    };

    const draw = (): void => {
      const shown = kept();
      for (const { svg, frame, layer } of charts) {
        layer.replaceChildren();
        const chosen = shown.some((trial) => trial.chosen);
        if (choices.size === 0) delete svg.dataset["brushed"];
        else svg.dataset["brushed"] = chosen ? "with" : "without";
        const path = (trial: Trial): string =>
          points(frame, trial)
            .map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`)
            .join(" ");
        for (const { axis, from, to } of choices.values()) {
          const [a, b] = [place(frame, from), place(frame, to)];
          const [along, size] = [Math.min(a, b), Math.max(4, Math.abs(a - b))];
          const across = frame.at[axis]! - 9;
          const box = frame.lying
            ? { x: along, y: across, width: size, height: 18 }
            : { x: across, y: along, width: 18, height: size };
          add(layer, "rect", { ...box, class: "brush" });
        }
        if (choices.size > 0)
          for (const trial of shown) if (!trial.chosen) add(layer, "polyline", { points: path(trial), class: "kept" });
        if (pointed && points(frame, pointed).length > 0) {
          add(layer, "polyline", { points: path(pointed), class: "halo" });
          add(layer, "polyline", { points: path(pointed), class: pointed.chosen ? "pointed best" : "pointed" });
        }
      }
      clear.hidden = choices.size === 0;
      const only = `${shown.length} of ${trace.trials.length} trials go through what you marked.`;
      const one = pointed;
      if (one) {
        const on = one.values.flatMap((v, i) => (v === "off" ? [] : [`${trace.axes[i]!} ${v}`]));
        words.textContent = `${one.name}, ${one.status}: validation loss ${one.score}. ${on.length ? on.join(", ") : "Everything off"}.`;
      } else if (choices.size > 0) words.textContent = only;
      else
        words.textContent =
          "Point at a line for its name and result. Drag along an axis to see only the trials that pass there.";
    };

    const distance = ([x, y]: [number, number], [ax, ay]: [number, number], [bx, by]: [number, number]): number => {
      const [dx, dy] = [bx - ax, by - ay];
      const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
      return Math.hypot(x - ax - t * dx, y - ay - t * dy);
    };
    for (const { svg, frame } of charts) {
      let dragged: Choice | null = null;
      const where = (event: PointerEvent): [number, number] => {
        const box = svg.getBoundingClientRect();
        const scale = svg.viewBox.baseVal.width / box.width;
        return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      };
      const share = ([x, y]: [number, number]): number => {
        const q = ((frame.lying ? x : y) - frame.ends[0]) / (frame.ends[1] - frame.ends[0]);
        return Math.max(0, Math.min(1, q));
      };
      svg.addEventListener("pointerdown", (event) => {
        const at = where(event);
        const across = frame.lying ? at[1] : at[0];
        const along = frame.lying ? at[0] : at[1];
        const [low, high] = [Math.min(...frame.ends) - 12, Math.max(...frame.ends) + 12];
        const axis = frame.at.findIndex((each) => Math.abs(each - across) < 14);
        if (axis < 0 || along < low || along > high) return;
        choices.delete(axis);
        dragged = { axis, from: share(at), to: share(at) };
        pointed = null;
        svg.setPointerCapture(event.pointerId);
        draw();
      });
      svg.addEventListener("pointermove", (event) => {
        const at = where(event);
        if (dragged) {
          dragged.to = share(at);
          // A press without a way is not a choice: it takes the axis' choice back.
          if (Math.abs(dragged.to - dragged.from) > 0.015) choices.set(dragged.axis, dragged);
          draw();
          return;
        }
        let [near, least]: [Trial | null, number] = [null, 10];
        for (const trial of kept()) {
          const all = points(frame, trial);
          for (let i = 1; i < all.length; i++) {
            const away = distance(at, all[i - 1]!, all[i]!);
            if (away <= least) [near, least] = [trial, away];
          }
        }
        if (near === pointed) return;
        pointed = near;
        draw();
      });
      const release = (): void => void (dragged = null);
      svg.addEventListener("pointerup", release);
      svg.addEventListener("pointercancel", release);
      svg.addEventListener("pointerleave", () => {
        if (dragged || !pointed) return;
        pointed = null;
        draw();
      });
    }
    const all = (): void => {
      choices.clear();
      draw();
    };
    clear.addEventListener("click", all);
    figure.addEventListener("keydown", (event) => {
      if (event.key === "Escape") all();
    });
    draw();
  }
}

export const script = `(${follow.toString()})();`;
/** As the page holds it; no formatter may put a space into it, or its hash is another. */
export const element = `<script>${script}</script>`;
/** By which the page's policy knows it: any other script stays dead. */
export const scriptHash = `sha256-${createHash("sha256").update(script).digest("base64")}`;
