/** The server's life: found, started, stopped. */

import * as os from "node:os";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { clientOf } from "./client";
import type { ExplanationPage } from "./explain";
import { complain, environmentOf, offer } from "./install";
import { locate } from "./locate";
import { interpreter } from "./python";
import type { StatusItem } from "./status";

/** At most one server, whatever happens how quickly. */
export class Server {
  client: LanguageClient | undefined;
  private last: Promise<void> = Promise.resolve();
  private isOffered = false;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly output: vscode.LogOutputChannel,
    private readonly status: StatusItem,
    private readonly page: ExplanationPage,
  ) {}

  /** Stop whatever runs, look again where the server is, and start it; one call after the other. */
  restart(): Promise<void> {
    this.last = this.last.then(async () => {
      await this.end();
      await this.begin();
    });
    return this.last;
  }

  stop(): Promise<void> {
    this.last = this.last.then(() => this.end());
    return this.last;
  }

  private async begin(): Promise<void> {
    const settings = vscode.workspace.getConfiguration("themis");
    if (!settings.get<boolean>("enable", true)) {
      this.status.show({ state: "off", message: "Switched off by the setting themis.enable." });
      return;
    }
    const found = await locate({
      setting: settings.get<string>("path", ""),
      interpreter: await interpreter(),
      searchPath: process.env["PATH"] ?? "",
      installed: environmentOf(this.context),
      home: os.homedir(),
      platform: process.platform,
    });
    if ("missing" in found) {
      this.output.warn(`No server in ${found.looked}`);
      this.status.show({ state: "off", message: "The server is not installed, or not found." });
      this.askOnce(() => (found.missing === "setting" ? complain(found.looked) : offer(this.context)));
      return;
    }
    this.output.info(`Starting ${found.command}`);
    this.status.show({ state: "starting", message: "", model: null, documents: {}, reviewedAgainst: null });
    this.client = clientOf(found.command, this.output, this.status, this.page);
    try {
      await this.client.start();
    } catch (problem) {
      this.output.error(`${found.command} did not start: ${String(problem)}`);
      this.status.show({ state: "off", message: "The server did not start; the log says why." });
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose();
    } catch (problem) {
      this.output.warn(`The server did not end in order: ${String(problem)}`);
    }
  }

  private askOnce(ask: () => Promise<void>): void {
    if (!this.isOffered) {
      this.isOffered = true;
      void ask();
    }
  }
}
