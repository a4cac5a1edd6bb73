#!/bin/sh
# Breaks arrows on purpose, one at a time, in a small copy of the house, and expects check_includes.awk to name each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
house=$(mktemp -d)
trap 'rm -rf "$house"' EXIT
cd "$house"
mkdir -p config_engine schemas attention_plugins/abi attention_plugins/host attention_plugins/eager cfgtool
failures=0

# expect WORDS FILE INCLUDE: with that line in that file alone, WORDS are complained about; "" means nothing is.
expect() {
  printf '#pragma once\n#include %s\n' "$3" >"$2"
  status=0
  awk -v partial=1 -f "$here/check_includes.awk" "$here/arrows.txt" "$2" >answer.txt || status=$?
  if [ -z "$1" ] && [ "$status" -ne 0 ]; then
    echo "FAIL: $2 may include $3, but: $(cat answer.txt)"
    failures=$((failures + 1))
  elif [ -n "$1" ] && { [ "$status" -ne 1 ] || ! grep -q "^$2:2: .*$1" answer.txt; }; then
    echo "FAIL: $2 must not include $3 ($1), but: $(cat answer.txt)"
    failures=$((failures + 1))
  fi
  rm "$2"
}

expect '' config_engine/compose.cpp '"config_engine/tree.hpp"'
expect '' config_engine/override_casts.cpp '"config_engine/override.hpp"'
expect '' attention_plugins/host/plan.cpp '"config_engine/diagnostic.hpp"'
expect '' attention_plugins/host/plan.cpp '<vector>'
expect '' cfgtool/main.cpp '<CLI/CLI.hpp>'
expect 'the room compose lies above it' config_engine/tree.cpp '"config_engine/compose.hpp"'
expect 'belongs to no room' config_engine/utilities.hpp '"config_engine/tree.hpp"'
expect 'config_engine must not include' config_engine/compose.cpp '"schemas/attention_spec.hpp"'
expect 'schemas must not include' schemas/attention_spec.cpp '"cfgtool/command.hpp"'
expect 'attention_plugins/host must not include' attention_plugins/host/plan.cpp '"config_engine/compose.hpp"'
expect 'attention_plugins/eager must not include' attention_plugins/eager/forward.cpp '"attention_plugins/host/plan.hpp"'
expect 'attention_plugins/abi must not include' attention_plugins/abi/attention_run.h '"config_engine/source.hpp"'
expect 'must not be included here' config_engine/merge.cpp '<yaml-cpp/yaml.h>'
expect 'must not be included here' config_engine/compose.cpp '<CLI/CLI.hpp>'
expect 'is not in arrows.txt' config_engine/compose.cpp '<boost/any.hpp>'

[ "$failures" -eq 0 ] && echo "all broken arrows were found"
exit "$failures"
