import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The page, into what the package publishes. Of the report it needs the words alone: the charts come drawn from the server.
export default defineConfig({
  root: here("./src/client"),
  base: "./",
  logLevel: "warn",
  resolve: { alias: { "@regimen/report": here("../report/src/words.ts") } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { outDir: here("./dist/client"), emptyOutDir: true, modulePreload: false, assetsInlineLimit: 0 },
});
