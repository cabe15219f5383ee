#!/usr/bin/env bash
# What action.yml runs: review a pull request, annotate its files, and keep one comment up to date.
# The checkout is a stranger's: its files are data, and only gh gets the token.
set -euo pipefail

token=$GH_TOKEN
unset GH_TOKEN GITHUB_TOKEN

# Text in a workflow command: a line end would begin another command.
escaped() {
  local text=${1//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '%s' "${text//$'\n'/%0A}"
}

fail() {
  echo "::error::$(escaped "$1")"
  exit 1
}

build_tags() {
  "$PYTHON" -P -m fromager_build_tags "$@"
}

# The runner takes no command from the output of "$@", whatever names it contains.
without_commands() {
  local stop status=0
  stop=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$stop"
  "$@" 2>&1 || status=$?
  printf '\n::%s::\n' "$stop"
  return "$status"
}

[ -n "$BASE" ] || fail "there is no base branch, since this event is not of a pull request: run \
on pull_request, or set the input 'base' to the branch to compare with"
safe_git() {
  GIT_TERMINAL_PROMPT=0 git -c safe.bareRepository=explicit -c core.hooksPath=/dev/null \
    -c core.fsmonitor=false "$@"
}
{ safe_git check-ref-format "refs/heads/$BASE" &&
  safe_git fetch --quiet --no-tags --no-recurse-submodules --no-auto-maintenance origin \
    "+refs/heads/$BASE:refs/remotes/origin/$BASE"; } ||
  fail "the branch $BASE cannot be fetched from origin: set the input 'base' to one that is there"
base=$(safe_git merge-base HEAD "refs/remotes/origin/$BASE") ||
  fail "HEAD and $BASE have no commit in common here: check out with fetch-depth: 0"

compared=("$base")
[ -z "$GRAPH" ] || compared+=("--graph=$GRAPH")
limits=("--fail-on=$FAIL_ON")
[ -z "$MAX_REBUILDS" ] || limits+=("--max-rebuilds=$MAX_REBUILDS")

report=$(mktemp)
status=0
without_commands build_tags review "${compared[@]}" --format markdown --output "$report" "${limits[@]}" \
  --detailed-exitcode || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 1 ] && [ "$status" -ne 3 ]; then exit "$status"; fi
[ -s "$report" ] || exit 1 # the command printed why there is no report

annotations=$(mktemp)
without_commands build_tags review "${compared[@]}" --format github --exit-zero --output "$annotations"
cat "$annotations"

lock=$(dirname -- "$FROMAGER_SETTINGS_FILE")/build-tags.lock
if [ "$CHECK_LOCK" = true ] && [ -e "$lock" ] && ! without_commands build_tags lock --check; then
  stale="$lock is out of date: run \`fromager-build-tags lock\`, and commit it with the settings"
  echo "::error file=$(escaped "$lock")::$(escaped "$stale")"
  printf '\n**%s**\n' "$stale" >>"$report"
  status=1
fi

cat "$report" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"

api() {
  GH_TOKEN=$token gh api "$@"
}

# Anybody can write a comment that begins with the marker: only that of the token's account is ours.
# REST does not name this account to the token of a workflow; GraphQL does, as the author of comments.
comment() {
  local comments mine
  comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
  MARKER=$(head -n 1 "$report") LOGIN=$(api graphql -f 'query={viewer{login}}' \
    --jq .data.viewer.login) || return 1
  export MARKER LOGIN
  [ -n "$LOGIN" ] || return 1
  mine=$(api --paginate "$comments" --jq \
    '.[] | select(.user.login == env.LOGIN and (.body | startswith(env.MARKER))) | .id') || return 1
  mine=${mine%%$'\n'*}
  if [ -n "$mine" ]; then
    api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$mine" \
      -F "body=@$report"
  elif [ "$status" -ne 0 ]; then # no comment where nothing changes
    api --silent --method POST "$comments" -F "body=@$report"
  fi
}

if [ "$COMMENT" = true ] && [ -n "$PULL_REQUEST" ]; then
  problem=$(mktemp)
  if ! comment 2>"$problem"; then
    echo "::warning::the review is in the job summary, but cannot be written as a comment, which \
takes a token with pull-requests: write, and a pull request of a fork has none:" \
      "$(tr '\r\n' '  ' <"$problem" | sed 's/%/%25/g')"
  fi
fi

[ "$status" -ne 1 ]
