import { useEffect, useState } from "preact/hooks";

/** Where the page stands; it is written behind the address's #, so that it can be kept and shared. */
export type Route =
  | { readonly at: "runs" }
  | { readonly at: "run"; readonly id: string; readonly tab: string }
  | { readonly at: "compare"; readonly ids: readonly string[] };

export const toRun = (id: string, tab = ""): string => `#/run/${encodeURIComponent(id)}${tab && `/${tab}`}`;
export const toCompare = (ids: readonly string[]): string => `#/compare/${ids.map(encodeURIComponent).join("/")}`;

export function routeOf(hash: string): Route {
  try {
    const [what, ...parts] = hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
    if (what === "run" && parts[0]) return { at: "run", id: parts[0], tab: parts[1] ?? "" };
    if (what === "compare" && parts.length > 1) return { at: "compare", ids: parts };
  } catch {
    // A stray % sign is no place.
  }
  return { at: "runs" };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const change = () => {
      setRoute(routeOf(location.hash));
      scrollTo(0, 0);
    };
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return route;
}
