#!/bin/sh
# A photograph becomes a .vqc file and comes back; then the two are compared. Called by `make demo`.
set -eu
cd "$(dirname "$0")"
out=../demo
mkdir -p "$out"
run() { printf '\n$ %s\n' "$*"; "$@"; }

run vqcodec encode kodim23.png -o "$out/kodim23.vqc" --force
run vqcodec info "$out/kodim23.vqc"
run vqcodec decode "$out/kodim23.vqc" -o "$out/kodim23.png" --force
run vqcodec compare kodim23.png "$out/kodim23.png"
run vqcodec encode kodim23.png -c classic-4x4-256 -o "$out/kodim23-classic.vqc" --force
run vqcodec verify "$out/kodim23.vqc" "$out/kodim23-classic.vqc"
printf '\nLook at %s beside samples/kodim23.png.\n' "demo/kodim23.png"
