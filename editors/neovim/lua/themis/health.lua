--- `:checkhealth themis`
local M = {}

local health = vim.health

--- The lines a command prints, and whether it succeeded.
---@param command string[]
---@return boolean, string[]
local function output(command)
  local ran, result = pcall(function()
    return vim.system(command, { text = true, timeout = 60000 }):wait()
  end)
  if not ran then
    return false, { tostring(result) }
  end
  local text = vim.trim((result.stdout or "") .. "\n" .. (result.stderr or ""))
  return result.code == 0, vim.split(text, "\n")
end

function M.check()
  health.start("Themis: the editor")
  if vim.fn.has("nvim-0.11") == 0 then
    health.error("Neovim is too old", "Use Neovim 0.11 or newer: it brings vim.lsp.enable()")
    return
  end
  health.ok("Neovim " .. tostring(vim.version()))
  if vim.lsp.is_enabled and not vim.lsp.is_enabled("themis") then
    health.warn("the server is not enabled", 'Put vim.lsp.enable("themis") into your init.lua')
  else
    health.ok("the server is enabled")
  end
  local clients = vim.lsp.get_clients({ name = "themis" })
  for _, client in ipairs(clients) do
    local buffers = #vim.lsp.get_buffers_by_client_id(client.id)
    health.ok(("running for %s, buffers: %d"):format(client.root_dir or "single files", buffers))
  end
  if #clients == 0 then
    health.info("not running: it starts with the first file of one of its languages")
  end

  health.start("Themis: the server")
  local command = (vim.lsp.config.themis or {}).cmd or { "themis" }
  if vim.fn.executable(command[1]) == 0 then
    health.error(
      command[1] .. " is not an executable on your PATH",
      { "Install Themis, as its README says", 'Or name it: vim.lsp.config("themis", { cmd = { "/path/to/themis", "lsp" } })' }
    )
    return
  end
  local ok, version = output({ command[1], "--version" })
  health[ok and "ok" or "error"](("%s (%s)"):format(version[1], vim.fn.exepath(command[1])))
  local well, doctor = output({ command[1], "doctor" })
  health[well and "info" or "error"]("themis doctor:\n" .. table.concat(doctor, "\n"))
end

return M
