if vim.g.loaded_themis then
  return
end
vim.g.loaded_themis = true

vim.api.nvim_create_user_command("ThemisReview", function(call)
  if call.bang then
    require("themis").stop_review()
  else
    require("themis").review(call.args ~= "" and call.args or nil)
  end
end, {
  bang = true,
  nargs = "?",
  complete = function(start)
    local listed = vim.system({ "git", "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes" }):wait()
    return vim.tbl_filter(function(name)
      return vim.startswith(name, start)
    end, vim.split(listed.stdout or "", "\n", { trimempty = true }))
  end,
  desc = "Review the branch into the quickfix list; with ! stop a review",
})

vim.api.nvim_create_user_command("ThemisExplain", function(call)
  require("themis").explain(call.args ~= "" and call.args or nil)
end, {
  nargs = "?",
  complete = function(start)
    return vim.tbl_filter(function(name)
      return vim.startswith(name, start)
    end, require("themis").criteria)
  end,
  desc = "Explain what is said of the code under the cursor, or what a criterion means",
})
