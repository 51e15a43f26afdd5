/**
 * What a person does in VS Code, on the packaged extension and the real server: type a worse line, see the squiggle,
 * read the hover, put the old line back, see it go. Every step is kept as a picture.
 *
 * node out/test/browser.mjs THEMIS CODE_SERVER CHROMIUM EXTENSION.vsix EXAMPLE.json PICTURES
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import type { Page } from "playwright-core";

import { open } from "./code_server";

interface Example {
  readonly file: string;
  readonly before: readonly string[];
  readonly line: number;
  readonly worse: string;
  readonly says: string;
  readonly remedy: string;
}

const SQUIGGLE = ".editor-instance .squiggly-info";
const [themis, codeServer, chromium, extension, exampleFile, pictures] = process.argv.slice(2);
assert(themis && codeServer && chromium && extension && exampleFile && pictures, "see the top of this file for the arguments");
const example = JSON.parse(readFileSync(exampleFile, "utf8")) as Example;
mkdirSync(pictures, { recursive: true });

function repository(root: string): string {
  const git = (...args: string[]): Buffer => execFileSync("git", args, { cwd: root });
  mkdirSync(root, { recursive: true });
  writeFileSync(path.join(root, example.file), example.before.join("\n"));
  git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("-c", "user.name=A Person", "-c", "user.email=person@example.org", "commit", "--quiet", "--message=A change");
  return root;
}

async function command(page: Page, title: string): Promise<void> {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget:visible input").fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().click();
}

async function openFile(page: Page): Promise<void> {
  await page.locator(".explorer-folders-view").getByText(example.file).dblclick();
  await page.locator(".editor-instance .view-lines").getByText(example.before[0]!.split("(")[0]!.split(" ").pop()!).first().waitFor();
  await page.keyboard.press("Control+b"); // the side bar
}

async function typeWorse(page: Page): Promise<void> {
  await page.locator(".editor-instance .view-line").nth(example.line - 1).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+Home");
  await page.keyboard.press("Shift+Home"); // the first one stops at the indentation
  await page.keyboard.type(example.worse);
}

/** Settings of the machine, which alone may say what runs; as the file is not watched here, the editor writes it. */
async function configure(page: Page, settings: object): Promise<void> {
  await command(page, "Preferences: Open Remote Settings (JSON)");
  await page.locator(".editor-instance .view-line", { hasText: /^\{/ }).first().click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(JSON.stringify(settings));
  await page.locator(".tab.active.dirty", { hasText: "settings.json" }).waitFor();
  await page.keyboard.press("Control+s");
  await page.locator(".tab.active:not(.dirty)", { hasText: "settings.json" }).waitFor();
  await page.locator(".tab", { hasText: example.file }).click();
}

/** Ends when nothing fades or slides any more; a cursor blinks for ever. It runs in the page, whose types are not ours. */
const SETTLED = `Promise.allSettled(document.getAnimations()
  .filter((move) => move.effect?.getComputedTiming().endTime !== Infinity)
  .map((move) => move.finished)).then(() => null)`;

async function run(page: Page): Promise<void> {
  const said = page.getByText(new RegExp(example.says));
  const squiggle = page.locator(SQUIGGLE).first();
  const gone = async (): Promise<void> => {
    await squiggle.waitFor({ state: "detached" });
    await page.locator(".codelens-decoration").waitFor({ state: "detached" });
  };
  const picture = async (name: string): Promise<void> => {
    await page.evaluate(SETTLED);
    await page.screenshot({ path: path.join(pictures!, `vscode-${name}.png`) });
  };

  await openFile(page);
  await page.locator("#themis\\.status, [id='themis-lsp.themis.themis.status']").waitFor();
  await typeWorse(page);
  let began = performance.now();
  await squiggle.waitFor();
  console.log(`VS Code: ${Math.round(performance.now() - began)} ms from the last keystroke to the first squiggle`);

  const hover = page.locator(".monaco-hover:not(.hidden)").filter({ hasText: "compared with" });
  const lens = page.locator(".codelens-decoration").filter({ hasText: new RegExp(example.says) });
  await lens.waitFor();
  await picture("squiggle");
  await squiggle.hover({ force: true }); // the text lies above it
  await hover.locator(".monaco-tokenized-source").waitFor();
  await picture("hover");
  await page.keyboard.press("Escape");
  await command(page, "View: Toggle Problems");
  await page.locator(".markers-panel").getByText(new RegExp(example.says)).waitFor();
  await picture("problems");
  await command(page, "View: Toggle Problems");
  await lens.locator("a").click();
  await hover.locator(".monaco-tokenized-source").waitFor();
  await picture("lens");
  await page.keyboard.press("Escape");

  await page.locator(".editor-instance .view-line").nth(example.line - 1).click();
  await command(page, "Quick Fix...");
  await page.locator(".action-widget .monaco-list-row.focused", { hasText: example.remedy }).waitFor();
  await picture("actions");
  await page.keyboard.press("Enter");
  await gone();
  await picture("remedied");
  await page.keyboard.press("Control+z");
  began = performance.now();
  await squiggle.waitFor();
  console.log(`VS Code: ${Math.round(performance.now() - began)} ms from an edit to the squiggle, the pause of 250 ms included`);

  await configure(page, { "themis.path": path.join(pictures!, "no-such-themis") });
  await page.locator(".notification-toast").getByText("names no executable").waitFor();
  await gone();
  await configure(page, {});
  await squiggle.waitFor();
  await command(page, "Themis: Review the Branch");
  await page.locator(".notification-toast").getByText("1 finding").waitFor();
  await command(page, "Themis: Explain the Code under the Cursor");
  const preview = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  await preview.getByText("compared with").waitFor();
  await picture("explained");
  await page.locator(".tab", { hasText: example.file }).click();
  await page.keyboard.press("Control+y");
  await gone();
  await said.locator("visible=true").first().waitFor({ state: "detached" }); // a hover that was closed stays in the page
  await page.keyboard.press("Control+s");
}

const scratch = mkdtempSync(path.join(tmpdir(), "themis-vscode-"));
const root = repository(path.join(scratch, "example"));
const editor = await open({ themis, codeServer, chromium, extension }, root, scratch);
try {
  await run(editor.page);
  console.log("VS Code: the hint came and went");
} catch (problem) {
  await editor.page.screenshot({ path: path.join(pictures, "vscode-failed.png") });
  throw problem;
} finally {
  await editor.close();
}
rmSync(scratch, { recursive: true, maxRetries: 5 });
