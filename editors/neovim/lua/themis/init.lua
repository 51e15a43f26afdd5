--- What the commands of the plugin do.
local M = {}

M.criteria = { "correctness", "runtime", "memory", "security", "readability" }

local PULL = "textDocument/diagnostic"
local REVIEW = "themis.reviewWorkspace"
local START = 10000 -- milliseconds a server may take to come up

---@param text string
---@param level? integer one of `vim.log.levels`
local function say(text, level)
  vim.notify("Themis: " .. text, level or vim.log.levels.INFO)
end

--- The client of the current buffer, or else any; without one, a new one for the repository around the buffer.
---@return vim.lsp.Client?
local function client()
  local found = vim.lsp.get_clients({ name = "themis", bufnr = 0 })[1] or vim.lsp.get_clients({ name = "themis" })[1]
  if found then
    return found
  end
  local config = vim.lsp.config.themis
  if not config or vim.fn.executable(config.cmd[1]) == 0 then
    say("the server is not installed or not found; `:checkhealth themis` says more", vim.log.levels.ERROR)
    return nil
  end
  local id = vim.lsp.start(
    vim.tbl_extend("force", config, { root_dir = vim.fs.root(0, ".git") or vim.fn.getcwd() }),
    { attach = false }
  )
  local started = id and vim.lsp.get_client_by_id(id)
  return started and vim.wait(START, function()
    return started.initialized
  end) and started or nil
end

--- Have the server execute a command, and hand its answer on.
---@param command lsp.Command
---@param client_id integer
---@param done fun(answer: table)
function M.run(command, client_id, done)
  local params = { command = command.command, arguments = command.arguments }
  assert(vim.lsp.get_client_by_id(client_id)):request("workspace/executeCommand", params, function(problem, answer)
    if problem then
      say(problem.message, vim.log.levels.ERROR)
    else
      done(answer)
    end
  end)
end

--- Show Markdown in a floating window.
---@param answer { markdown: string }|vim.NIL|nil
function M.show(answer)
  if type(answer) ~= "table" then
    say("there is nothing to say about this line: its unit did not change")
    return
  end
  vim.lsp.util.open_floating_preview(
    vim.split(answer.markdown, "\n"),
    "markdown",
    { border = "rounded", focus_id = "themis", max_width = 100, title = " Themis " }
  )
end

--- Put a verdict into the unnamed register and, where there is one, the clipboard.
---@param answer { text: string }|vim.NIL|nil
function M.copy(answer)
  if type(answer) ~= "table" then
    return
  end
  vim.fn.setreg('"', answer.text)
  if vim.fn.has("clipboard") == 1 then
    vim.fn.setreg("+", answer.text)
  end
  say("copied: " .. answer.text)
end

--- Explain the unit under the cursor, or a criterion.
---@param criterion? string
function M.explain(criterion)
  local at = client()
  if at then
    local line = vim.api.nvim_win_get_cursor(0)[1] - 1
    local argument = criterion and { criterion = criterion } or { uri = vim.uri_from_bufnr(0), line = line }
    M.run({ title = "Explain", command = "themis.explain", arguments = { argument } }, at.id, M.show)
  end
end

--- Everything the server said of open and reviewed files, as a quickfix list.
---@param at vim.lsp.Client
---@return integer found
local function list(at)
  local namespaces = {} -- one for what the server sent unasked, one for what it answered
  for name, namespace in pairs(vim.api.nvim_get_namespaces()) do
    if vim.startswith(name .. ".", ("vim.lsp.themis.%d."):format(at.id)) then
      table.insert(namespaces, namespace)
    end
  end
  local found = vim.diagnostic.get(nil, { namespace = namespaces })
  vim.fn.setqflist({}, " ", { title = "Themis", items = vim.diagnostic.toqflist(found) })
  vim.cmd(#found > 0 and "botright copen" or "cclose")
  return #found
end

--- Ask for the diagnostics of every attached buffer, then go on.
---@param at vim.lsp.Client
---@param go_on fun()
local function pull(at, go_on)
  local buffers = vim.lsp.get_buffers_by_client_id(at.id)
  local left = #buffers
  if left == 0 then
    return go_on()
  end
  for _, buffer in ipairs(buffers) do
    local params = { textDocument = vim.lsp.util.make_text_document_params(buffer) }
    at:request(PULL, params, function(...)
      vim.lsp.handlers[PULL](...)
      left = left - 1
      if left == 0 then
        go_on()
      end
    end, buffer)
  end
end

--- Review the whole branch against `base`, or what the server takes for its base, into the quickfix list.
---@param base? string
function M.review(base)
  local at = client()
  if not at then
    return
  end
  M.run({ title = "Review", command = REVIEW, arguments = { { base = base } } }, at.id, function(answer)
    if type(answer) ~= "table" then
      return -- the server has said why
    end
    pull(at, function()
      local against = type(answer.base) == "string" and answer.base or "HEAD"
      say(("%d found, compared with %s"):format(list(at), against))
    end)
  end)
end

--- Stop a review that is under way.
function M.stop_review()
  for _, at in ipairs(vim.lsp.get_clients({ name = "themis" })) do
    for token in pairs(at.progress.pending) do
      at:notify("window/workDoneProgress/cancel", { token = token })
    end
  end
end

return M
