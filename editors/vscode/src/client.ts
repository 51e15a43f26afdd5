/** The language client: what is sent to which server, and what becomes of its answers. */

import * as vscode from "vscode";
import {
  type ClientCapabilities,
  type LanguageClientOptions,
  type StaticFeature,
  LanguageClient,
  TransportKind,
} from "vscode-languageclient/node";

import { type Answer, type ExplanationPage, type Place, copy, hoverAt } from "./explain";
import { LANGUAGES } from "./languages";
import type { Status, StatusItem } from "./status";

/** A client of the server at `command`, not started yet. */
export function clientOf(
  command: string,
  output: vscode.LogOutputChannel,
  status: StatusItem,
  page: ExplanationPage,
): LanguageClient {
  const schemes = ["file", "untitled"];
  const options: LanguageClientOptions = {
    documentSelector: LANGUAGES.flatMap((language) => schemes.map((scheme) => ({ scheme, language }))),
    outputChannel: output,
    synchronize: { configurationSection: "themis" },
    initializationOptions: vscode.workspace.getConfiguration("themis"),
    middleware: {
      executeCommand: async (name, args: unknown[], next) => {
        const place = args[0] as Place | undefined;
        if (name === "themis.explain" && place && !place.fingerprint) {
          await hoverAt(place); // a code lens: the hover says it in place
          return null;
        }
        const answer = (await next(name, args)) as Answer | null;
        if (name === "themis.explain") {
          await page.show(answer);
        } else if (name === "themis.copyVerdict") {
          await copy(answer);
        }
        return answer;
      },
    },
  };
  const run = { command, args: ["lsp"], transport: TransportKind.stdio };
  const client = new LanguageClient("themis", "Themis", run, options);
  client.registerFeature(showsAnswers);
  client.onNotification("themis/status", (news: Status) => status.show(news));
  return client;
}

/** Tells the server that this client shows its state, and what its commands answer. */
const showsAnswers: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { ...capabilities.experimental, themis: { status: true, text: true } };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};
