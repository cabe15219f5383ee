#!/usr/bin/env bash
# What action.yml runs: review a pull request, annotate its files, and keep one comment up to date.
set -euo pipefail

fail() {
  echo "::error::$1"
  exit 1
}

[ -n "$BASE" ] || fail "there is no base branch, since this event is not of a pull request: run \
on pull_request, or set the input 'base' to the branch to compare with"
git fetch --quiet --no-tags origin "+refs/heads/$BASE:refs/remotes/origin/$BASE" ||
  fail "the branch $BASE cannot be fetched from origin: set the input 'base' to one that is there"
base=$(git merge-base HEAD "refs/remotes/origin/$BASE") ||
  fail "HEAD and $BASE have no commit in common here: check out with fetch-depth: 0"

limits=(--fail-on "$FAIL_ON")
[ -z "$MAX_REBUILDS" ] || limits+=(--max-rebuilds "$MAX_REBUILDS")

report=$(mktemp)
status=0
fromager-build-tags review "$base" --format markdown --output "$report" "${limits[@]}" \
  --detailed-exitcode || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 1 ] && [ "$status" -ne 3 ]; then exit "$status"; fi
[ -s "$report" ] || exit 1 # the command printed why there is no report

fromager-build-tags review "$base" --format github --exit-zero

lock=$(dirname "$FROMAGER_SETTINGS_FILE")/build-tags.lock
if [ "$CHECK_LOCK" = true ] && [ -e "$lock" ] && ! fromager-build-tags lock --check; then
  stale="$lock is out of date: run \`fromager-build-tags lock\`, and commit it with the settings"
  echo "::error file=$lock::$stale"
  printf '\n**%s**\n' "$stale" >>"$report"
  status=1
fi

cat "$report" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"

comment() {
  local marker comments mine
  marker=$(head -n 1 "$report")
  comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
  mine=$(gh api --paginate "$comments" \
    --jq ".[] | select(.body | startswith(\"$marker\")) | .id") || return 1
  mine=${mine%%$'\n'*}
  if [ -n "$mine" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$mine" \
      -F "body=@$report"
  elif [ "$status" -ne 0 ]; then # no comment where nothing changes
    gh api --silent --method POST "$comments" -F "body=@$report"
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
