# Read by the scripts beside it: a folder and a server of their own, which end with them.
# shellcheck shell=bash
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
folder="$(mktemp -d)"
server=""
end() {
    status=$?
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ "$status" != 0 ] && [ -e "$folder/server.log" ]; then
        tail -n 40 "$folder/server.log"
    fi
    rm -rf "$folder"
    exit "$status"
}
trap end EXIT

# A port that nobody uses, by PYTHON.
free_port() {
    "$1" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Starts a command as the server, and waits until it takes connections on PORT.
serve_on() {
    local port="$1"
    shift
    "$@" > "$folder/server.log" 2>&1 &
    server=$!
    for _ in $(seq 120); do
        (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        kill -0 "$server"
        sleep 0.5
    done
}
