/** Where the server is. Knows nothing of VS Code, so that it can be tested without. */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import * as path from "node:path";

/** Where to look, in this order. */
export interface Places {
  /** What the user's setting names; empty if nothing. */
  readonly setting: string;
  /** The Python interpreter chosen for the workspace, if that is to be trusted. */
  readonly interpreter: string | undefined;
  /** The variable PATH. */
  readonly searchPath: string;
  /** The environment that the install button makes. */
  readonly installed: string;
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

/** Either the server's executable, or why there is none. */
export type Located = { readonly command: string } | { readonly missing: "setting" | "everywhere"; readonly looked: string };

/** Find the server's executable. A setting that names nothing is an error, and nothing else is tried then. */
export async function locate(places: Places): Promise<Located> {
  if (places.setting) {
    const named = expanded(places.setting, places.home);
    return path.isAbsolute(named) && (await isExecutable(named))
      ? { command: named }
      : { missing: "setting", looked: places.setting };
  }
  for (const folder of folders(places)) {
    const command = path.join(folder, executable("themis", places.platform));
    if (await isExecutable(command)) {
      return { command };
    }
  }
  return { missing: "everywhere", looked: [...folders(places)].join(path.delimiter) };
}

/** The newest Python on the path by its name, to make an environment with. */
export async function pythonOn(searchPath: string, platform: NodeJS.Platform): Promise<string | undefined> {
  const newest = ["3.14", "3.13", "3.12", "3.11"].map((version) => `python${version}`);
  for (const name of [...newest, "python3", "python"]) {
    for (const folder of absolute(searchPath)) {
      const found = path.join(folder, executable(name, platform));
      if (await isExecutable(found)) {
        return found;
      }
    }
  }
  return undefined;
}

/** Folder of the executables in an environment. */
export function scripts(environment: string, platform: NodeJS.Platform): string {
  return path.join(environment, platform === "win32" ? "Scripts" : "bin");
}

function* folders(places: Places): Generator<string> {
  if (places.interpreter) {
    const beside = path.dirname(places.interpreter);
    yield beside;
    if (places.platform === "win32") {
      yield scripts(beside, places.platform); // a base installation keeps python.exe one folder up
    }
  }
  yield* absolute(places.searchPath);
  yield path.join(places.home, ".local", "bin"); // editors started from a dock often miss it on their PATH
  yield scripts(places.installed, places.platform);
}

/** A relative folder on the PATH would mean the workspace, which must not choose what runs. */
function absolute(searchPath: string): string[] {
  return searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
}

function executable(name: string, platform: NodeJS.Platform): string {
  return platform === "win32" ? `${name}.exe` : name;
}

function expanded(setting: string, home: string): string {
  return setting.startsWith("~/") || setting.startsWith("~\\") ? path.join(home, setting.slice(2)) : setting;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
