/** Themis in VS Code: keeps the server running, and adds commands and an item in the status bar. */

import * as vscode from "vscode";

import { registerCommands } from "./commands";
import { ExplanationPage } from "./explain";
import { onDidInstall } from "./install";
import { onDidChangeInterpreter } from "./python";
import { Server } from "./server";
import { StatusItem } from "./status";

const RESTARTING = ["themis.path", "themis.enable"];

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Themis", { log: true });
  const status = new StatusItem();
  const page = new ExplanationPage();
  const running = new Server(context, output, status, page);
  server = running;
  const restart = (): void => void running.restart();
  context.subscriptions.push(
    output,
    status,
    page,
    ...registerCommands(context, running, output, page),
    onDidInstall(restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (RESTARTING.some((name) => change.affectsConfiguration(name))) {
        restart();
      }
    }),
  );
  await running.restart();
  const listener = await onDidChangeInterpreter(restart);
  if (listener) {
    context.subscriptions.push(listener);
  }
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}
