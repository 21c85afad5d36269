#!/bin/sh
# Makes an environment for the peers and runs all benchmarks with it:
#   sh benchmarks/peers/run.sh [FOLDER] [option of benchmarks/run.py ...]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-"$here/../../build/peers"}
[ $# -eq 0 ] || shift
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet -r "$here/requirements.txt"
cd "$here/../.."
exec "${PYTHON:-python}" benchmarks/run.py --peers "$folder/bin/python" "$@"
