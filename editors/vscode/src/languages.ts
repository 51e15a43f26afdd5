/** The languages that are judged, by the names VS Code has for them. */
export const LANGUAGES: readonly string[] = [
  "c",
  "cpp",
  "csharp",
  "go",
  "java",
  "javascript",
  "javascriptreact",
  "python",
  "ruby",
  "typescript",
  "typescriptreact",
];
