-- What a person does in Neovim, on the real server. Run in a repository with the example committed:
-- nvim --headless --clean -l neovim.lua EXAMPLE.json

local PATIENCE = 60000 -- milliseconds until a condition that never comes true fails the test

local example = vim.json.decode(table.concat(vim.fn.readfile(arg[1]), "\n"))
local row = example.line - 1

local function until_true(what, condition)
  assert(vim.wait(PATIENCE, condition, 20), "never came: " .. what)
end

local function said()
  return vim.tbl_map(function(found)
    return found.message
  end, vim.diagnostic.get(0, { lnum = row }))
end

local function speaks()
  return said()[1] and said()[1]:find(example.says, 1, true)
end

local began

local function make_worse()
  began = vim.uv.hrtime()
  vim.api.nvim_buf_set_lines(0, row, row + 1, true, { example.worse })
end

local function report(what)
  print(("Neovim: %.0f ms %s"):format((vim.uv.hrtime() - began) / 1e6, what))
end

local function floating()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, true), "\n")
    end
  end
  return ""
end

local function close_floating()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      vim.api.nvim_win_close(window, true)
    end
  end
end

local function clean(buffer_text)
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n") .. "\n" == buffer_text
end

vim.cmd.runtime("plugin/themis.lua")
vim.cmd("filetype on")
vim.lsp.enable("themis")
vim.cmd.edit(example.file)
local before = table.concat(example.before, "\n")

-- type, and be told
make_worse()
until_true("a diagnostic", speaks)
report("from the first edit to the hint, the start of the server included")

-- take it back by hand, and once more with everything warm
vim.cmd.undo()
until_true("silence after undo", function()
  return #said() == 0
end)
make_worse()
until_true("a diagnostic again", speaks)
report("from an edit to the hint, the pause of 250 ms included")

-- hover, and :ThemisExplain
vim.api.nvim_win_set_cursor(0, { example.line, 4 })
vim.lsp.buf.hover()
until_true("a hover", function()
  return floating():find("compared with", 1, true)
end)
close_floating()
vim.cmd("ThemisExplain")
until_true("an explanation of the line", function()
  return floating():find("compared with", 1, true)
end)
close_floating()
vim.cmd("ThemisExplain security")
until_true("an explanation of the criterion", function()
  return floating():find("themis: ignore[security]", 1, true)
end)
close_floating()

-- review the branch: what is open and what is not, in one list
vim.cmd("ThemisReview")
until_true("the quickfix list", function()
  return #vim.fn.getqflist() == 2
end)
vim.cmd.cclose()

-- put the old line back
vim.lsp.buf.code_action({
  apply = true,
  filter = function(action)
    return action.title == example.remedy
  end,
})
until_true("the old line", function()
  return clean(before)
end)
until_true("silence", function()
  return #said() == 0
end)

-- and what :checkhealth says
vim.cmd("checkhealth themis")
local health = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n")
assert(health:find("the server is enabled", 1, true), health)
assert(health:find("everything works", 1, true), health)
assert(not health:find("ERROR", 1, true), health)
vim.cmd("qall!")
