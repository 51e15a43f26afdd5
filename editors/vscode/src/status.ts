/** What the server says of itself, and the item in the status bar that shows it. */

import * as vscode from "vscode";

import { LANGUAGES } from "./languages";

/** What was judged of one document. */
export interface Coverage {
  readonly base: string;
  readonly judged: number;
  readonly findings: number;
  readonly skipped: readonly { readonly unit: string | null; readonly because: string }[];
}

/** The notification `themis/status`. */
export interface Status {
  readonly state: "starting" | "ready" | "error";
  readonly message: string;
  readonly model: { readonly name: string; readonly digest: string; readonly provider: string } | null;
  readonly documents: Readonly<Record<string, Coverage>>;
  readonly reviewedAgainst: string | null;
}

/** Besides the server's own states: not running, and why. */
type Shown = Status | { readonly state: "off"; readonly message: string };

const ICONS = { starting: "$(loading~spin)", ready: "$(law)", error: "$(error)", off: "$(circle-slash)" };
const LINKS = { "themis.review": "Review the branch", "themis.restart": "Restart", "themis.showOutput": "Show the log" };
const MOST_SKIPS = 8;

/** The item in the status bar. */
export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("themis.status", vscode.StatusBarAlignment.Right, 100);
  private readonly listeners = [
    vscode.window.onDidChangeActiveTextEditor(() => this.draw()),
    vscode.window.onDidChangeVisibleTextEditors(() => this.draw()),
  ];
  private shown: Shown = { state: "off", message: "Not started yet." };

  constructor() {
    this.item.name = "Themis";
    this.item.command = "themis.menu";
  }

  show(shown: Shown): void {
    this.shown = shown;
    this.draw();
  }

  dispose(): void {
    this.listeners.forEach((listener) => void listener.dispose());
    this.item.dispose();
  }

  private draw(): void {
    const editors = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
    const document = editors.find((editor) => editor && LANGUAGES.includes(editor.document.languageId))?.document;
    if (!document) {
      this.item.hide();
      return;
    }
    const coverage = "documents" in this.shown ? this.shown.documents[document.uri.toString()] : undefined;
    const isFailing = this.shown.state === "error";
    this.item.text = `${ICONS[this.shown.state]} ${inShort(coverage)}`;
    this.item.tooltip = atLength(this.shown, coverage);
    // Else screen readers would spell out the Markdown of the tooltip.
    this.item.accessibilityInformation = { label: aloud(this.shown, coverage) };
    this.item.backgroundColor = isFailing ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.show();
  }
}

function inShort(coverage: Coverage | undefined): string {
  if (!coverage || coverage.judged + coverage.skipped.length === 0) {
    return "Themis";
  }
  return coverage.findings ? counted(coverage.findings, "finding") : `${coverage.judged} judged`;
}

function aloud(shown: Shown, coverage: Coverage | undefined): string {
  const said = [shown.message, coverage ? tally(coverage) : ""].filter((part) => part);
  return `Themis: ${said.join(" ") || shown.state}`;
}

function tally(coverage: Coverage): string {
  const found = `${counted(coverage.judged, "changed unit")} judged, ${counted(coverage.findings, "finding")}`;
  return `${found}, compared with ${coverage.base}`;
}

function atLength(shown: Shown, coverage: Coverage | undefined): vscode.MarkdownString {
  const text = new vscode.MarkdownString("**Themis**", true);
  text.isTrusted = { enabledCommands: Object.keys(LINKS) };
  if (shown.message) {
    text.appendMarkdown("\n\n").appendText(shown.message);
  }
  if (coverage) {
    text.appendMarkdown("\n\n").appendText(tally(coverage));
    for (const { unit, because } of coverage.skipped.slice(0, MOST_SKIPS)) {
      text.appendMarkdown("\n- ").appendText(`${unit ?? "this file"}: ${because}`);
    }
    const more = coverage.skipped.length - MOST_SKIPS;
    text.appendMarkdown(more > 0 ? `\n- and ${more} more not judged` : "");
  }
  if ("model" in shown && shown.model) {
    text.appendMarkdown("\n\n").appendText(`${shown.model.name} · ${shown.model.provider}`);
  }
  const links = Object.entries(LINKS).map(([command, title]) => `[${title}](command:${command})`);
  return text.appendMarkdown(`\n\n${links.join(" · ")}`);
}

/** A number of things, in words. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
