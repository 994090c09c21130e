import { useEffect, useRef, useState } from "preact/hooks";
import type { Details, Picture } from "../view.ts";
import { get, runPath } from "./api.ts";

type Of = Pick<Details, "card" | "charts">;

/** The report's chart, drawn by the server; asked for again when it changes, and the last one stays until the next is there. */
export function usePicture({ card: { id }, charts }: Of, name: string): Picture | null {
  const [picture, setPicture] = useState<Picture | null>(null);
  const version = charts[name];
  useEffect(() => {
    if (version === undefined) return;
    let over = false;
    get<Picture>(`${runPath(id)}/charts/${name}`).then(
      (drawn) => over || setPicture(drawn),
      () => over || setPicture(null),
    );
    return () => {
      over = true;
    };
  }, [id, name, version]);
  return picture;
}

export const Chart = ({ of, name }: { of: Of; name: string }) => <Drawing picture={usePicture(of, name)} />;

/** Texts in it were escaped where it was drawn. The page shows the width that fits. */
export function Drawing({ picture }: { picture: Picture | null }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current || !picture) return;
    box.current.innerHTML = Object.entries(picture.svg)
      .map(([width, svg]) => `<div class="chart w${Number(width)}">${svg}</div>`)
      .join("");
  }, [picture]);
  return <div class="drawing" ref={box} />;
}
