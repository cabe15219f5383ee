#!/usr/bin/env bash
# What action.yml runs: review a pull request, annotate its files, and keep one comment up to date.
set -euo pipefail

git fetch --quiet --no-tags origin "+refs/heads/$BASE:refs/remotes/origin/$BASE"
base=$(git merge-base HEAD "refs/remotes/origin/$BASE") || {
  echo "::error::HEAD and $BASE have no commit in common here: check out with fetch-depth: 0"
  exit 1
}

gates=(--fail-on "$FAIL_ON")
[ -z "$MAX_REBUILDS" ] || gates+=(--max-rebuilds "$MAX_REBUILDS")

report=$(mktemp)
status=0
fromager-build-tags review "$base" --format markdown --output "$report" "${gates[@]}" \
  --detailed-exitcode || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 1 ] && [ "$status" -ne 3 ]; then exit "$status"; fi
[ -s "$report" ] || exit 1 # it could not be made, and said why

cat "$report" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
fromager-build-tags review "$base" --format github --exit-zero

marker=$(head -n 1 "$report")
if [ "$COMMENT" = true ] && [ -n "$PULL_REQUEST" ]; then
  comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
  mine=$(gh api --paginate "$comments" \
    --jq ".[] | select(.body | startswith(\"$marker\")) | .id" | head -n 1)
  if [ -n "$mine" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$mine" -F "body=@$report"
  elif [ "$status" -ne 0 ]; then # nothing is said where nothing changes
    gh api --silent --method POST "$comments" -F "body=@$report"
  fi
fi

[ "$status" -ne 1 ]
