import { useEffect, useState } from "preact/hooks";
import type { Change } from "../view.ts";

const KEEP = "regimen-token";

/** The token comes behind the address's #, and is taken out of sight at once. */
export function takeToken(): void {
  const given = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (given === undefined) return;
  sessionStorage.setItem(KEEP, given);
  history.replaceState(null, "", `${location.pathname}#/`);
}
export const hasToken = (): boolean => sessionStorage.getItem(KEEP) !== null;

async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `the studio answered ${response.status}`);
  return body;
}

export const get = async <T>(path: string): Promise<T> => answer<T>(await fetch(path));
export const post = async <T>(path: string): Promise<T> =>
  answer<T>(
    await fetch(path, { method: "POST", headers: { authorization: `Bearer ${sessionStorage.getItem(KEEP) ?? ""}` } }),
  );

export const runPath = (id: string): string => `/api/runs/${encodeURIComponent(id)}`;

type Listener = (change: Change | null) => void;
const listeners = new Set<Listener>();
/** Tells everybody who listens; null: the connection is new, so anything may have changed. */
export function connect(onState: (connected: boolean) => void): () => void {
  const source = new EventSource("/api/events");
  const tell = (change: Change | null): void => listeners.forEach((listener) => listener(change));
  source.addEventListener("hello", () => {
    onState(true);
    tell(null);
  });
  source.addEventListener("change", ({ data }: MessageEvent<string>) => tell(JSON.parse(data) as Change));
  source.addEventListener("error", () => onState(false));
  return () => source.close();
}

export type Loaded<T> = { readonly value: T | null; readonly error: string | null };

/** What `path` answers, asked again whenever a run changes that `concerns` it. The last answer stays until the next is there. */
export function useLive<T>(path: string, concerns: (id: string) => boolean): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T> & { readonly path: string }>({ path, value: null, error: null });
  useEffect(() => {
    let [over, asking, again] = [false, false, false];
    const ask = async (): Promise<void> => {
      if (asking) {
        again = true;
        return;
      }
      asking = true;
      do {
        again = false;
        try {
          const value = await get<T>(path);
          if (!over) setLoaded({ path, value, error: null });
        } catch (error) {
          if (!over)
            setLoaded((before) => ({
              path,
              value: before.path === path ? before.value : null,
              error: (error as Error).message,
            }));
        }
      } while (again && !over);
      asking = false;
    };
    const listener: Listener = (change) => {
      if (change === null || concerns(change.id)) void ask();
    };
    listeners.add(listener);
    void ask();
    return () => {
      over = true;
      listeners.delete(listener);
    };
  }, [path]);
  return loaded.path === path ? loaded : { value: null, error: null };
}
