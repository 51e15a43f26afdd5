--- Themis for Neovim's own LSP client: `vim.lsp.enable("themis")`.

---@type vim.lsp.Config
return {
  cmd = { "themis", "lsp", "--stdio" },
  filetypes = {
    "c",
    "cpp",
    "cs",
    "go",
    "java",
    "javascript",
    "javascriptreact",
    "python",
    "ruby",
    "typescript",
    "typescriptreact",
  },
  -- The base of a comparison is the repository's; configuration files below it are found by the server.
  root_markers = { ".git" },
  settings = { themis = vim.empty_dict() },
  -- What `themis.explain` and `themis.copyVerdict` answer is shown here, so the server need not send a message.
  capabilities = { experimental = { themis = { text = true } } },
  commands = {
    ["themis.explain"] = function(command, context)
      require("themis").run(command, context.client_id, require("themis").show)
    end,
    ["themis.copyVerdict"] = function(command, context)
      require("themis").run(command, context.client_id, require("themis").copy)
    end,
  },
}
