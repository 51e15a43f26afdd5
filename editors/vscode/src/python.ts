/** The environment chosen in the Python extension, if there is one. */

import * as vscode from "vscode";

/** What is used of that extension's interface. */
interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(path: { readonly path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** The interpreter; a workspace that is not trusted must not choose what runs, so it has none. */
export async function interpreter(): Promise<string | undefined> {
  const python = vscode.workspace.isTrusted ? await api() : undefined;
  try {
    const chosen = python?.environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
    return chosen && (await python?.environments.resolveEnvironment(chosen))?.executable.uri?.fsPath;
  } catch {
    return undefined; // an environment that is gone is none
  }
}

/** Be told when another environment is chosen. */
export async function onDidChangeInterpreter(listener: () => void): Promise<vscode.Disposable | undefined> {
  return (await api())?.environments.onDidChangeActiveEnvironmentPath(listener);
}

async function api(): Promise<PythonExtension | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  try {
    return await extension?.activate();
  } catch {
    return undefined; // its trouble is its own
  }
}
