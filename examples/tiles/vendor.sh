#!/bin/sh
# Puts Leaflet into leaflet/ beside this script, or into the folder that is given: vendor.sh [FOLDER]
set -e
target=${1:-$(dirname "$0")/leaflet}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
npm install --silent --no-audit --no-fund --prefix "$scratch" leaflet@1.9.4
mkdir -p "$target"
cp -R "$scratch/node_modules/leaflet/dist/." "$target"
