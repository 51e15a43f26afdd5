import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { type Places, locate, pythonOn } from "../src/locate";

interface Row {
  readonly name: string;
  readonly files: readonly string[];
  readonly places?: Partial<Places>;
  readonly want: string;
}

/** Look in real folders; a trailing `!` makes a file executable. */
async function check({ files, places, want }: Row): Promise<void> {
  const root = mkdtempSync(path.join(tmpdir(), "themis-"));
  const inside = (name: string): string => path.join(root, name);
  for (const file of files) {
    const target = inside(file.replace("!", ""));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, "", { mode: file.endsWith("!") ? 0o755 : 0o644 });
  }
  const nowhere = { setting: "", interpreter: undefined, searchPath: "", installed: inside("own"), home: inside("home") };
  const found = await locate({ ...nowhere, platform: "linux", ...absolutes(places ?? {}, inside) });
  assert.equal("command" in found ? path.relative(root, found.command) : `nothing, ${found.missing}`, want);
}

function absolutes(places: Partial<Places>, inside: (name: string) => string): Partial<Places> {
  const absolute = (text: string): string => text.replaceAll("ROOT", inside(""));
  return Object.fromEntries(
    Object.entries(places).map(([key, value]) => [key, value && key !== "platform" ? absolute(value) : value]),
  );
}

const ROWS: readonly Row[] = [
  { name: "the setting wins", files: ["a/themis!", "b/themis!"], places: { setting: "ROOT/a/themis", searchPath: "ROOT/b" }, want: "a/themis" },
  { name: "the setting may begin at home", files: ["home/x/themis!"], places: { setting: "~/x/themis" }, want: "home/x/themis" },
  { name: "a setting that names nothing is told", files: ["b/themis!"], places: { setting: "ROOT/a/themis", searchPath: "ROOT/b" }, want: "nothing, setting" },
  { name: "a relative setting means nothing", files: ["b/themis!"], places: { setting: "themis", searchPath: "ROOT/b" }, want: "nothing, setting" },
  { name: "the environment before the path", files: ["env/bin/themis!", "b/themis!"], places: { interpreter: "ROOT/env/bin/python", searchPath: "ROOT/b" }, want: "env/bin/themis" },
  { name: "the path, in its order", files: ["b/themis!", "c/themis!"], places: { searchPath: "ROOT/a:ROOT/c:ROOT/b" }, want: "c/themis" },
  { name: "a folder is no command", files: ["a/themis/x", "b/themis!"], places: { searchPath: "ROOT/a:ROOT/b" }, want: "b/themis" },
  { name: "what cannot be run is passed over", files: ["a/themis", "b/themis!"], places: { searchPath: "ROOT/a:ROOT/b" }, want: "b/themis" },
  { name: "a relative folder on the path is the workspace's", files: ["b/themis!"], places: { searchPath: ".:b::ROOT/b" }, want: "b/themis" },
  { name: "for one user", files: ["home/.local/bin/themis!"], want: "home/.local/bin/themis" },
  { name: "what the button installed", files: ["own/bin/themis!"], want: "own/bin/themis" },
  { name: "on Windows", files: ["env/Scripts/themis.exe!"], places: { interpreter: "ROOT/env/python.exe", platform: "win32" }, want: "env/Scripts/themis.exe" },
  { name: "nowhere", files: [], want: "nothing, everywhere" },
];

for (const row of ROWS) {
  void test(row.name, () => check(row));
}

void test("the newest Python by name", async () => {
  const root = mkdtempSync(path.join(tmpdir(), "themis-"));
  for (const name of ["python3", "python3.11", "python3.12"]) {
    writeFileSync(path.join(root, name), "", { mode: 0o755 });
  }
  assert.equal(await pythonOn(root, "linux"), path.join(root, "python3.12"));
  assert.equal(await pythonOn("", "linux"), undefined);
});
