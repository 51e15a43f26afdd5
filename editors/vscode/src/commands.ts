/** The commands of the palette. */

import * as vscode from "vscode";
import { ExecuteCommandRequest } from "vscode-languageclient/node";

import type { Answer, ExplanationPage } from "./explain";
import { openInstaller } from "./install";
import type { Server } from "./server";
import { type Coverage, counted } from "./status";

/** The answer of `themis.reviewWorkspace`. */
interface Reviewed {
  readonly base: string | null;
}

/** Everything in the palette, and the menu behind the item in the status bar. */
export function registerCommands(
  context: vscode.ExtensionContext,
  server: Server,
  output: vscode.OutputChannel,
  page: ExplanationPage,
): vscode.Disposable[] {
  const commands: Record<string, () => unknown> = {
    "themis.review": () => review(server),
    "themis.forgetReview": () => ask(server, "themis.clearReview"),
    "themis.explainHere": () => explainHere(server, page),
    "themis.restart": () => server.restart(),
    "themis.showOutput": () => output.show(),
    "themis.install": () => openInstaller(context),
    "themis.menu": menu,
  };
  return Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run));
}

async function review(server: Server): Promise<void> {
  const found = await ask<Reviewed>(server, "themis.reviewWorkspace");
  if (!found) {
    return; // whoever knows why has said so
  }
  const count = await findings(server);
  const show = "Show Problems";
  const said = `Themis: ${counted(count, "finding")} in what changed since ${found.base ?? "the last commit"}.`;
  if ((await vscode.window.showInformationMessage(said, ...(count ? [show] : []))) === show) {
    await vscode.commands.executeCommand("workbench.actions.view.problems");
  }
}

/** How many there are: in open documents as they are now, and in every other file as the review left it. */
async function findings(server: Server): Promise<number> {
  const open = vscode.workspace.textDocuments.map((document) => document.uri.toString());
  const answers = open.map((uri) => server.client?.sendRequest<{ coverage: Coverage } | null>("themis/verdicts", { uri }));
  const inOpen = (await Promise.all(answers)).map((answer) => answer?.coverage.findings ?? 0);
  const elsewhere = vscode.languages
    .getDiagnostics()
    .filter(([uri]) => !open.includes(uri.toString()))
    .flatMap(([, diagnostics]) => diagnostics.filter(({ source }) => source === "Themis"));
  return inOpen.reduce((sum, count) => sum + count, elsewhere.length);
}

async function explainHere(server: Server, page: ExplanationPage): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor) {
    const where = { uri: editor.document.uri.toString(), line: editor.selection.active.line };
    await page.show(await ask<Answer>(server, "themis.explain", where));
  }
}

async function menu(): Promise<void> {
  const contributed: { command: string; title: string }[] =
    vscode.extensions.getExtension("themis-lsp.themis")?.packageJSON.contributes.commands ?? [];
  const items = contributed.map(({ command, title }) => ({ label: title, command }));
  const chosen = await vscode.window.showQuickPick(items, { title: "Themis" });
  if (chosen) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

/** Have the server execute a command; null if there is no server, or nothing to answer. */
async function ask<T>(server: Server, command: string, ...args: unknown[]): Promise<T | null> {
  if (!server.client?.isRunning()) {
    void vscode.window.showWarningMessage("Themis is not running.");
    return null;
  }
  return server.client.sendRequest(ExecuteCommandRequest.type, { command, arguments: args }) as Promise<T | null>;
}
