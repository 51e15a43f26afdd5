/** What to do when there is no server: say so once, and offer to install the one that came along. */

import { readdir } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";

import { pythonOn } from "./locate";

const TERMINAL = "Install Themis";

/** The environment the install button makes. */
export function environmentOf(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, "environment");
}

/** Say that there is no server, with a way out. */
export async function offer(context: vscode.ExtensionContext): Promise<void> {
  const install = "Install";
  const name = "Name its Path";
  const said = "Themis is not installed here. It needs Python 3.11 or newer, and runs on your machine alone.";
  const chosen = await vscode.window.showInformationMessage(said, install, name);
  if (chosen === install) {
    await openInstaller(context);
  } else if (chosen === name) {
    await openPathSetting();
  }
}

/** Say that the setting names no executable. */
export async function complain(setting: string): Promise<void> {
  const open = "Open the Setting";
  if ((await vscode.window.showErrorMessage(`Themis: the setting themis.path names no executable: ${setting}`, open)) === open) {
    await openPathSetting();
  }
}

/** Install the server that came with the extension, in a terminal where everything can be read. */
export async function openInstaller(context: vscode.ExtensionContext): Promise<void> {
  const python = await pythonOn(process.env["PATH"] ?? "", process.platform);
  if (!python) {
    void vscode.window.showErrorMessage("Themis needs Python 3.11 or newer, and there is none on the PATH.");
    return;
  }
  const folder = context.asAbsolutePath("server");
  const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  const script = path.join(folder, "install.py");
  const shellArgs = [script, path.join(folder, wheel ?? ""), environmentOf(context)];
  vscode.window.createTerminal({ name: TERMINAL, shellPath: python, shellArgs }).show();
}

/** Be told when the installation succeeded. */
export function onDidInstall(listener: () => void): vscode.Disposable {
  return vscode.window.onDidCloseTerminal((terminal) => {
    if (terminal.name === TERMINAL && terminal.exitStatus?.code === 0) {
      listener();
    }
  });
}

async function openPathSetting(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openSettings", "themis.path");
}
