#!/usr/bin/env bash
# The script part of the GitHub Action and of the GitLab job: runs `overstep check` and leaves its reports in a folder.
# Settings are variables, so that no value is read as a command:
#
#     OVERSTEP_SCENARIO   scenarios, separated by spaces; all if empty
#     OVERSTEP_TARGET     a name in overstep.toml or a URL; the scenario's own if empty
#     OVERSTEP_START      a command that starts the server, run in the background; none if empty
#     OVERSTEP_WAIT_FOR   host:port that must accept connections before the check; none if empty
#     OVERSTEP_LEVEL      quick, full or exhaustive
#     OVERSTEP_ARGUMENTS  further arguments, separated by spaces
#     OVERSTEP_REPORTS    folder of the reports
#     OVERSTEP_COMMAND    the command; `overstep` if empty
set -euo pipefail

reports="${OVERSTEP_REPORTS:-overstep-reports}"
mkdir -p "$reports"

if [ -n "${OVERSTEP_START:-}" ]; then
  bash -c "$OVERSTEP_START" >"$reports/server.log" 2>&1 &
  server=$!
  trap 'kill "$server" 2>/dev/null || true' EXIT
fi
if [ -n "${OVERSTEP_WAIT_FOR:-}" ]; then
  host="${OVERSTEP_WAIT_FOR%:*}" port="${OVERSTEP_WAIT_FOR##*:}"
  for _ in $(seq 1 120); do
    if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
      break
    fi
    if [ -n "${server:-}" ] && ! kill -0 "$server" 2>/dev/null; then
      echo "the server ended before it accepted a connection; its output is in $reports/server.log" >&2
      tail -n 20 "$reports/server.log" >&2
      exit 3
    fi
    sleep 0.5
  done
fi

arguments=()
# Scenarios and further arguments are lists of words.
read -r -a words <<<"${OVERSTEP_SCENARIO:-}"
arguments+=(${words[@]+"${words[@]}"})
if [ -n "${OVERSTEP_TARGET:-}" ]; then
  arguments+=(--endpoint "$OVERSTEP_TARGET")
fi
read -r -a words <<<"${OVERSTEP_ARGUMENTS:-}"
arguments+=(${words[@]+"${words[@]}"})
arguments+=(--level "${OVERSTEP_LEVEL:-quick}" --update no --no-progress)
arguments+=(--report "ndjson=$reports/results.ndjson" --report "junit=$reports/junit.xml")
if [ -n "${GITHUB_ACTIONS:-}" ]; then
  arguments+=(--report github=- --report "markdown=$reports/summary.md")
fi

code=0
"${OVERSTEP_COMMAND:-overstep}" check "${arguments[@]}" || code=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$reports/summary.md" ]; then
  cat "$reports/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
