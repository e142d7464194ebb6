#!/bin/bash
# Measures overstep on web APIs that are written with FastAPI, Django REST framework and Express, on LoopBack's example, and
# on servers of strangers (Prefect, Chroma, Kinto, Jupyter): how many operations succeed without a line written by hand,
# and what check finds.
# Usage: tests/web_apis/measure.sh FOLDER [NAME...]     (packages and results go there; OVERSTEP is the program)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "${1:?a folder}" && cd "$1" && pwd)
wanted=" ${*:2} "
overstep=${OVERSTEP:-$here/../../target/debug/overstep}
export API_USER=admin API_PASSWORD=measure-9f2c41 PYTHONDONTWRITEBYTECODE=1
server=
trap '[ -z "$server" ] || kill "$server"' EXIT

is_wanted() { # NAME...
    local name
    for name; do [[ $wanted == "  " || $wanted == *" $name "* ]] && return 0; done
    return 1
}
install_python() { # FOLDER PACKAGE...
    local venv=$folder/$1
    [ -d "$venv" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q "${@:2}"; }
}
install_node() {
    [ -d "$folder/node/node_modules" ] || { mkdir -p "$folder/node" && (cd "$folder/node" && npm install -s "$@"); }
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# measure NAME PORT COMMAND...: starts a server, and prints its row. `base` is the path of the API, `init_flags` are further
# flags of `init`, and `check_flags` those of `check`.
base='' init_flags=() check_flags=()
measure() {
    local name=$1 port=$2
    shift 2
    is_wanted "$name" || return 0
    "$@" > "$folder/$name.log" 2>&1 &
    server=$!
    for _ in $(seq 300); do curl -s -o /dev/null "http://127.0.0.1:$port/" && break; sleep 0.2; done
    rm -rf "${folder:?}/$name" && mkdir "$folder/$name" && cd "$folder/$name" && touch overstep.toml
    "$overstep" init "$name" -e "http://127.0.0.1:$port$base" "${init_flags[@]}" --no-progress > init.txt 2>&1 || { cat init.txt; return 1; }
    "$overstep" check "$name" "${check_flags[@]}" --level quick --no-snapshots --no-progress > check.txt 2>&1 || true
    echo "| $name | $(grep -o '[0-9]* of [0-9]* operations' init.txt | head -1) | $(grep -o '[0-9]* findings\? in [0-9]* cases' check.txt) |"
    kill "$server" && wait "$server" 2> /dev/null || true
    server=
}

if is_wanted tracker library && install_python python 'fastapi==0.*' uvicorn python-multipart email-validator 'django==5.*' djangorestframework drf-spectacular; then
    port=$(free_port)
    measure tracker "$port" "$folder/python/bin/uvicorn" --app-dir "$here" tracker:app --port "$port" --log-level warning
    port=$(free_port)
    measure library "$port" "$folder/python/bin/python" "$here/library_site.py" "$port"
else
    echo "tracker and library are skipped"
fi
if is_wanted billing todo && install_node express@5 zod@3 @asteasolutions/zod-to-openapi@7 @loopback/example-todo@6; then
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
    echo "billing and todo are skipped"
fi

# Servers of strangers, as their packages start them.
export PREFECT_HOME=$folder/prefect.home PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 ANONYMIZED_TELEMETRY=false
if is_wanted prefect && install_python prefect-venv prefect==3.9.1; then
    port=$(free_port)
    base=/api measure prefect "$port" "$folder/prefect-venv/bin/prefect" server start --host 127.0.0.1 --port "$port" --no-services
fi
if is_wanted chroma && install_python chroma-venv chromadb==1.5.9; then
    port=$(free_port)
    API_KEY=key-measure-9f2c41 measure chroma "$port" "$folder/chroma-venv/bin/chroma" run --host 127.0.0.1 --port "$port" --path "$folder/chroma.data"
fi
if is_wanted kinto && install_python kinto-venv kinto==26.5.0 'setuptools<80'; then
    port=$(free_port)
    printf '%s\n' '[server:main]' 'use = egg:waitress#main' 'host = 127.0.0.1' "port = $port" '[app:main]' 'use = egg:kinto' \
        'kinto.userid_hmac_secret = measure' 'kinto.storage_backend = kinto.core.storage.memory' \
        'kinto.cache_backend = kinto.core.cache.memory' 'kinto.permission_backend = kinto.core.permission.memory' \
        'multiauth.policies = basicauth' 'kinto.bucket_create_principals = system.Authenticated' > "$folder/kinto.ini"
    init_flags=(--source "http://127.0.0.1:$port/v1/__api__")
    base=/v1 measure kinto "$port" "$folder/kinto-venv/bin/kinto" start --ini "$folder/kinto.ini"
fi
if is_wanted jupyter && install_python jupyter-venv jupyter_server==2.21.1; then
    port=$(free_port)
    source=$(find "$folder/jupyter-venv/" -path '*/services/api/api.yaml')
    mkdir -p "$folder/jupyter.data" && cd "$folder/jupyter.data"
    check_flags=(-H 'Authorization: token measure-9f2c41')
    init_flags=(--source "$source" "${check_flags[@]}")
    measure jupyter "$port" "$folder/jupyter-venv/bin/jupyter" server --no-browser --allow-root --ip 127.0.0.1 --port "$port" \
        --IdentityProvider.token=measure-9f2c41
fi
