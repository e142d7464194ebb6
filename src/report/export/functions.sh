# Sends what its words say; the answer is kept for what comes next.
send() {
  : > "$work/head"
  : > "$work/body"
  status=$("$@" --max-time 10 -o "$work/body" -D "$work/head" -w '%{http_code}')
  [ "$status" != 000 ] || { echo "  no answer"; return 1; }
}
look() { python3 "$work/look.py" "$1" "$work" "$status" "$protocol" "$place" "${@:2}"; }
value() { look value "$@"; }
check() {
  look "$@" || { echo "  documented is: $*"; echo "  came: $status $(head -c 500 "$work/body")"; return 1; }
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
