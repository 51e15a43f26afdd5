/** VS Code in the browser: a code-server process with the packaged extension, and a page in Chromium. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";

import { type Browser, type Page, chromium } from "playwright-core";

const PATIENCE = 120_000; // milliseconds until what never comes fails the test

/** What has to be there beforehand. */
export interface Tools {
  readonly themis: string;
  readonly codeServer: string;
  readonly chromium: string;
  readonly extension: string;
}

/** A running editor. */
export interface Editor {
  readonly page: Page;
  close(): Promise<void>;
}

/** What comes by itself must not mix with what a test types, and pictures show no more than they have to. */
const QUIET = {
  "breadcrumbs.enabled": false,
  "chat.commandCenter.enabled": false,
  "editor.autoClosingBrackets": "never",
  "editor.autoClosingQuotes": "never",
  "editor.autoIndent": "none",
  "editor.fontSize": 13,
  "editor.minimap.enabled": false,
  "editor.occurrencesHighlight": "off",
  "editor.scrollBeyondLastLine": false,
  "editor.stickyScroll.enabled": false,
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "files.autoSave": "off",
  "git.openRepositoryInParentFolders": "never",
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "window.commandCenter": false,
  "window.menuBarVisibility": "compact",
  "workbench.activityBar.location": "hidden",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.layoutControl.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

/** Install the extension and open a folder; everything is kept below `scratch`, the home folder included. */
export async function open(tools: Tools, folder: string, scratch: string): Promise<Editor> {
  const [home, user] = [path.join(scratch, "home"), path.join(scratch, "user")];
  mkdirSync(path.join(home, ".local", "bin"), { recursive: true });
  symlinkSync(tools.themis, path.join(home, ".local", "bin", "themis"));
  const env = { ...process.env, HOME: home };
  mkdirSync(path.join(user, "User"), { recursive: true });
  writeFileSync(path.join(user, "User", "settings.json"), JSON.stringify(QUIET));
  const places = ["--user-data-dir", user, "--extensions-dir", path.join(scratch, "extensions")];
  const own = [...places, "--config", path.join(scratch, "config.yaml")];
  execFileSync(process.execPath, [tools.codeServer, ...own, "--install-extension", tools.extension], {
    env,
    encoding: "utf8",
    stdio: "pipe", // it complains of a log it cannot write; of what fails, the error tells
  });
  const flags = ["--auth", "none", "--bind-addr", "127.0.0.1:0", "--disable-workspace-trust", "--disable-telemetry"];
  const quiet = ["--disable-update-check", "--disable-getting-started-override", "--disable-file-downloads"];
  const server = spawn(process.execPath, [tools.codeServer, ...own, ...flags, ...quiet], { env, detached: true });
  server.stderr.resume();
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await end(server);
  };
  try {
    const address = await addressOf(server);
    browser = await chromium.launch({ executablePath: tools.chromium, args: ["--no-sandbox", "--disable-gpu"] });
    const page = await browser.newPage({ viewport: { width: 860, height: 480 }, deviceScaleFactor: 1.5 });
    page.setDefaultTimeout(PATIENCE);
    await page.goto(`${address}?folder=${encodeURIComponent(folder)}`);
    await page.waitForSelector(".monaco-workbench .explorer-folders-view");
    return { page, close };
  } catch (problem) {
    await close();
    throw problem;
  }
}

async function addressOf(server: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: server.stdout! })) {
    const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(line) ?? [];
    if (address) {
      server.stdout!.resume();
      return address;
    }
  }
  throw new Error("code-server ended before it listened");
}

/** The extension host outlives the page, so the whole process group goes. */
async function end(server: ChildProcess): Promise<void> {
  const gone = once(server, "exit");
  process.kill(-server.pid!, "SIGTERM");
  await gone;
}
