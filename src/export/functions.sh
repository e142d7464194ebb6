# Runs the command in its arguments and keeps the response for the checks that follow.
send() {
  : > "$work/head"
  : > "$work/body"
  status=$("$@" --max-time 10 -o "$work/body" -D "$work/head" -w '%{http_code}')
  [ "$status" != 000 ] || { echo "  no response"; return 1; }
}
# Prints the input on one line: only what a log shows as it is, and nothing that a runner takes for a command.
printable() { LC_ALL=C tr -c ' -~' '?' | sed 's/##/#?/g'; }
body() { head -c 500 "$work/body" | printable; }
inspect() { python3 "$work/checks.py" "$1" "$work" "$status" "$protocol" "$place" "${@:2}"; }
value() { inspect value "$@"; }
check() {
  inspect "$@" || { echo "  expected: $(printf '%s' "$*" | printable)"; echo "  received: $status $(body)"; return 1; }
}
set_up() {
  inspect set-up "$@" || { echo "  set-up failed: $status $(body)"; return 1; }
}
is_created() { [[ " ${created[*]-} " == *" $1 "* ]]; }
run() {
  protocol=$2 place=$3 created=()
  echo "$1"
  steps && echo "  ok" || failed=1
  teardown
}
