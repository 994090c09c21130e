import { useEffect, useState } from "preact/hooks";
import { connect } from "./api.ts";
import { ComparePage } from "./compare.tsx";
import { RunsPage } from "./runs.tsx";
import { RunPage } from "./run.tsx";
import { useRoute } from "./route.ts";

export function App() {
  const route = useRoute();
  const [connected, setConnected] = useState(true);
  useEffect(() => connect(setConnected), []);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <header class="mast">
        <p class="brand">
          <a href="#/">
            Regimen <span>studio</span>
          </a>
        </p>
        <p class="s" role="status">
          {connected ? "" : "The studio does not answer: is regimen studio still running? Trying again …"}
        </p>
      </header>
      <main id="main" tabIndex={-1}>
        {route.at === "runs" && <RunsPage />}
        {route.at === "run" && <RunPage key={route.id} id={route.id} tab={route.tab} />}
        {route.at === "compare" && <ComparePage ids={route.ids} />}
      </main>
    </>
  );
}

/** The address's # is the page's place, so the link may not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
