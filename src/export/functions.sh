# Runs the command in its arguments and keeps the response for the checks that follow.
send() {
  : > "$work/head"
  : > "$work/body"
  status=$("$@" --max-time 10 -o "$work/body" -D "$work/head" -w '%{http_code}')
  [ "$status" != 000 ] || { echo "  no response"; return 1; }
}
look() { python3 "$work/look.py" "$1" "$work" "$status" "$protocol" "$place" "${@:2}"; }
value() { look value "$@"; }
check() {
  look "$@" || { echo "  expected: $*"; echo "  received: $status $(head -c 500 "$work/body")"; return 1; }
}
set_up() {
  look set-up "$@" || { echo "  set-up failed: $status $(head -c 500 "$work/body")"; return 1; }
}
is_made() { [[ " ${made[*]-} " == *" $1 "* ]]; }
run() {
  protocol=$2 place=$3 made=()
  echo "$1"
  acts && echo "  ok" || failed=1
  undo
}
