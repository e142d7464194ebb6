#!/bin/bash
# Measures overstep on web APIs that are written with FastAPI, Django REST framework and Express, and on LoopBack's
# example: how many operations succeed without a line written by hand, and what check finds.
# Usage: tests/web_apis/measure.sh FOLDER     (packages and results go there; OVERSTEP is the program)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "${1:?a folder}" && cd "$1" && pwd)
overstep=${OVERSTEP:-$here/../../target/debug/overstep}
export API_USER=admin API_PASSWORD=measure-9f2c41 PYTHONDONTWRITEBYTECODE=1
server=
trap '[ -z "$server" ] || kill "$server"' EXIT

install_python() {
    [ -d "$folder/python" ] || { python3 -m venv "$folder/python" && "$folder/python/bin/pip" install -q "$@"; }
}
install_node() {
    [ -d "$folder/node/node_modules" ] || { mkdir -p "$folder/node" && (cd "$folder/node" && npm install -s "$@"); }
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# measure NAME PORT COMMAND...: starts a server, and prints its row
measure() {
    local name=$1 port=$2
    shift 2
    "$@" > "$folder/$name.log" 2>&1 &
    server=$!
    for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/" && break; sleep 0.2; done
    rm -rf "${folder:?}/$name" && mkdir "$folder/$name" && cd "$folder/$name" && touch overstep.toml
    "$overstep" init "$name" -e "http://127.0.0.1:$port" --no-progress > init.txt 2>&1 || { cat init.txt; return 1; }
    "$overstep" check "$name" --level quick --no-snapshots --no-progress > check.txt 2>&1 || true
    echo "| $name | $(grep -o '[0-9]* of [0-9]* operations' init.txt | head -1) | $(grep -o '[0-9]* findings\? in [0-9]* cases' check.txt) |"
    kill "$server" && wait "$server" 2> /dev/null || true
    server=
}

if install_python 'fastapi==0.*' uvicorn python-multipart email-validator 'django==5.*' djangorestframework drf-spectacular; then
    port=$(free_port)
    measure tracker "$port" "$folder/python/bin/uvicorn" --app-dir "$here" tracker:app --port "$port" --log-level warning
    port=$(free_port)
    measure library "$port" "$folder/python/bin/python" "$here/library_site.py" "$port"
else
    echo "skipped: tracker and library need packages of PyPI"
fi
if install_node express@5 zod@3 @asteasolutions/zod-to-openapi@7 @loopback/example-todo@6; then
    export NODE_PATH=$folder/node/node_modules
    port=$(free_port)
    API_KEY=sk_measure_9f2c41 PORT=$port measure billing "$port" node "$here/billing.js"
    port=$(free_port)
    cd "$NODE_PATH/@loopback/example-todo"
    PORT=$port measure todo "$port" node -e "
        const {TodoListApplication} = require('@loopback/example-todo');
        const rest = {port: Number(process.env.PORT), host: '127.0.0.1'};
        (async () => { const app = new TodoListApplication({rest}); await app.boot(); await app.start(); })();"
else
    echo "skipped: billing and todo need packages of npm"
fi
