/** What commands of the server answer, shown where it can be read. */

import * as vscode from "vscode";

/** The answer of `themis.explain` and `themis.copyVerdict`. */
export interface Answer {
  readonly markdown: string;
  readonly text: string;
}

/** What these commands are asked about: a changed unit, or one finding in it. */
export interface Place {
  readonly uri: string;
  readonly line: number;
  readonly fingerprint?: string;
}

const PAGE = vscode.Uri.parse("themis:/Themis.md");

/** A page of Markdown that is in no file, beside the editor. */
export class ExplanationPage implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(PAGE.scheme, this);
  private markdown = "";
  readonly onDidChange = this.changes.event;

  provideTextDocumentContent(): string {
    return this.markdown;
  }

  async show(answer: Answer | null): Promise<void> {
    if (!answer) {
      void vscode.window.showInformationMessage("Themis: nothing to say here, as this code did not change.");
      return;
    }
    this.markdown = answer.markdown;
    this.changes.fire(PAGE);
    await vscode.commands.executeCommand("markdown.showPreviewToSide", PAGE);
  }

  dispose(): void {
    this.registration.dispose();
    this.changes.dispose();
  }
}

/** Put a verdict into the clipboard. */
export async function copy(answer: Answer | null): Promise<void> {
  if (answer) {
    await vscode.env.clipboard.writeText(answer.text);
    vscode.window.setStatusBarMessage("$(check) Verdict copied", 3000);
  }
}

/** Show the hover of a line. */
export async function hoverAt(place: Place): Promise<void> {
  const line = await vscode.workspace.openTextDocument(vscode.Uri.parse(place.uri)).then((it) => it.lineAt(place.line));
  const start = new vscode.Position(place.line, line.firstNonWhitespaceCharacterIndex);
  await vscode.window.showTextDocument(vscode.Uri.parse(place.uri), { selection: new vscode.Range(start, start) });
  await vscode.commands.executeCommand("editor.action.showHover");
}
