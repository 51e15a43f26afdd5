#!/usr/bin/env bash
# What action.yml runs: install Themis, find the merge-base, review, and keep one comment up to date.
# Everything comes in through the environment; nothing of a pull request is executed.
set -euo pipefail

home=${RUNNER_TEMP:?}/themis
marker='<!-- themis-review -->'  # as cli/themis_cli/report/markdown.py writes it
depths=(50 200 800 3200)         # commits; beyond that, the workflow should ask for the whole history
pages=10                         # of a hundred comments each

fail() {
  echo "::error title=Themis::$1"
  exit 2
}

themis() {
  local folder=bin
  [[ -d $home/Scripts ]] && folder=Scripts  # Windows
  "$home/$folder/themis" "$@"
}

install() {
  cd "$RUNNER_TEMP"  # python -m also looks into the current folder, which is the pull request's
  local python folder=bin
  python=$(command -v python3 || command -v python) || fail 'there is no Python: add actions/setup-python before'
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail 'Themis needs Python 3.11 or newer: add actions/setup-python before'
  "$python" -m venv "$home"
  [[ -d $home/Scripts ]] && folder=Scripts
  "$home/$folder/python" -m pip --disable-pip-version-check --no-input install --quiet \
    --constraint "$GITHUB_ACTION_PATH/constraints.txt" "${GITHUB_ACTION_PATH}[cpu]"
}

is_here() {
  git rev-parse --quiet --verify "$1^{commit}" >/dev/null
}

fetch() {
  git -c protocol.version=2 fetch --quiet --no-tags --no-recurse-submodules "$@" 2>/dev/null
}

# Get both commits and their merge-base into the clone, however shallow it is.
find_history() {
  local base=$1 head=$2 pull=$3 depth missing
  # A fork's head is on this side only as refs/pull/N/head, and some servers do not hand out commits by their id.
  local ref=${pull:+refs/pull/$pull/head}
  if [[ $(git rev-parse --is-shallow-repository) == false ]]; then
    is_here "$base" || fetch origin "$base" || true
    is_here "$head" || fetch origin "$head" || fetch origin "${ref:-$head}" || true
  else
    for depth in 1 "${depths[@]}"; do
      is_here "$base" && is_here "$head" && git merge-base "$base" "$head" >/dev/null && return
      fetch --depth="$depth" origin "$base" "$head" || fetch --depth="$depth" origin "$base" "${ref:-$head}" || true
    done
  fi
  for missing in "$base" "$head"; do
    is_here "$missing" ||
      fail "cannot fetch $missing: give actions/checkout fetch-depth: 0, and leave its persist-credentials on"
  done
  git merge-base "$base" "$head" >/dev/null ||
    fail "no common history within ${depths[${#depths[@]} - 1]} commits: give actions/checkout fetch-depth: 0"
}

api() {
  local method=$1 path=$2
  shift 2
  # The token goes through a pipe: other processes may read command lines.
  curl --silent --show-error --fail --max-time 30 --request "$method" \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$THEMIS_ACTION_TOKEN") \
    --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
    "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/$path" "$@"
}

# The id of the comment to update. A person could write our marker too, so only those of apps count.
own_comment() {
  local page found id
  for ((page = 1; page <= pages; page++)); do
    found=$(api GET "issues/$1/comments?per_page=100&page=$page") || return 1
    id=$(jq --raw-output --arg marker "$marker" \
      'map(select(.user.type == "Bot" and (.body | startswith($marker))) | .id) | first // empty' <<<"$found")
    if [[ -n $id ]]; then
      echo "$id"
      return
    fi
    [[ $(jq length <<<"$found") == 100 ]] || return 0
  done
}

# One comment, made when there is something to say and updated from then on. A fork's token may not: that is no error.
comment() {
  local pull=$1 body=$2 id where
  if ! id=$(own_comment "$pull"); then
    echo 'No comment: this token may not read them. The summary of this job says it all.'
    return
  elif [[ -n $id ]]; then
    where=(PATCH "issues/comments/$id")
  elif grep -q 'themis-finding' "$body"; then
    where=(POST "issues/$pull/comments")
  else
    return 0
  fi
  jq --null-input --rawfile body "$body" '{body: $body}' | api "${where[@]}" --data @- >/dev/null ||
    echo 'No comment: this token may not write them. The summary of this job says it all.'
}

review() {
  local base=${THEMIS_ACTION_BASE-} head=${THEMIS_ACTION_HEAD-} pull=${THEMIS_ACTION_PULL-} status=0
  local summary=$RUNNER_TEMP/themis-summary.md path options=()
  git rev-parse --git-dir >/dev/null || fail 'there is no repository here: run actions/checkout first'
  if [[ -z ${base//0/} ]]; then
    echo 'Nothing to compare with: this is the first push of a branch.'
    return
  fi
  [[ $base != -* && $head != -* ]] || fail "'$base' and '$head' are no revisions"
  [[ -z $pull || $pull =~ ^[0-9]+$ ]] || fail "'$pull' is no number of a pull request"
  find_history "$base" "$head" "$pull"

  [[ -z ${THEMIS_ACTION_FAIL_ON-} ]] || options+=("--fail-on=$THEMIS_ACTION_FAIL_ON")
  [[ -z ${THEMIS_ACTION_CRITERIA-} ]] || options+=("--criteria=$THEMIS_ACTION_CRITERIA")
  [[ -z ${THEMIS_ACTION_MIN_CONFIDENCE-} ]] || options+=("--min-confidence=$THEMIS_ACTION_MIN_CONFIDENCE")
  [[ -z ${THEMIS_ACTION_MAX_FINDINGS-} ]] || options+=("--max-findings=$THEMIS_ACTION_MAX_FINDINGS")
  options+=(-- "$(git rev-parse --verify "$base^{commit}")...$(git rev-parse --verify "$head^{commit}")")
  while IFS= read -r path; do
    [[ -z $path ]] || options+=("$path")
  done <<<"${THEMIS_ACTION_PATHS-}"

  : >"$summary"
  GITHUB_STEP_SUMMARY=$summary themis review --output-format=github "${options[@]}" || status=$?
  ((status < 2)) || fail 'the review could not be made; the line above says why'
  cat "$summary" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
  if [[ -n $pull && ${THEMIS_ACTION_COMMENT-} == true && -n ${THEMIS_ACTION_TOKEN-} ]]; then
    comment "$pull" "$summary"
  fi
  return "$status"
}

case ${1-} in
  install | review) "$1" ;;
  *) fail "themis.sh has no '${1-}': install and review" ;;
esac
