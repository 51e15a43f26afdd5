/** Bundles the extension; with --tests its tests, too. */

import { build } from "esbuild";

const shared = { bundle: true, platform: "node", target: "node20", logLevel: "warning" };

await build({
  ...shared,
  entryPoints: ["src/extension.ts"],
  outfile: "out/extension.cjs",
  format: "cjs",
  external: ["vscode"],
  minify: true,
  legalComments: "eof",
});

if (process.argv.includes("--tests")) {
  await build({
    ...shared,
    entryPoints: ["test/locate.test.ts", "test/browser.ts"],
    outdir: "out/test",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    external: ["playwright-core"],
  });
}
