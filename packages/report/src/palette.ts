/**
 * The page's colours, for light paper and for dark. Three of them speak, and say only this: `good` is Regimen and better,
 * `bad` is worse and rejected, `base` is the baseline. Good and bad differ in lightness too, for grey printers.
 */
export const LIGHT = {
  paper: "#fffdf9",
  panel: "#f6f2ea",
  ink: "#1d1c1a",
  ink2: "#56524b",
  rule: "#d9d3c7",
  grid: "#ebe6dc",
  axis: "#8a857c",
  good: "#005a40",
  goodSoft: "#cde6db",
  bad: "#c0392b",
  base: "#6b7078",
  baseSoft: "#c9ccd1",
  mark: "#f4e3a8",
} as const;

export type Colour = keyof typeof LIGHT;

export const DARK: Readonly<Record<Colour, string>> = {
  paper: "#15171a",
  panel: "#1e2125",
  ink: "#eceae4",
  ink2: "#b4b0a7",
  rule: "#3b3e43",
  grid: "#292c30",
  axis: "#7d8189",
  good: "#58d6a9",
  goodSoft: "#1c4538",
  bad: "#ff8472",
  base: "#9096a0",
  baseSoft: "#4a4f57",
  mark: "#5c4d14",
};

/** The CSS variable of a colour. */
export const variable = (colour: string): string => `--${colour.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

export const variables = (colours: Readonly<Record<Colour, string>>): string =>
  Object.entries(colours)
    .map(([name, hex]) => `${variable(name)}:${hex}`)
    .join(";");
