#!/bin/sh
# A photograph, a sentence and a film become .vqc files and come back; then they are compared. Called by `make demo`.
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
run vqcodec encode librispeech-3331-woman.flac --bitrate 6 -o "$out/woman.vqc" --force
run vqcodec decode "$out/woman.vqc" -o "$out/woman.wav" --force
run vqcodec compare librispeech-3331-woman.flac "$out/woman.wav"
seen=
if vqcodec codebook show video >/dev/null 2>&1; then # film is coded where there is a codebook for it
  run vqcodec encode dog.mkv --bitrate 200 -o "$out/dog.vqc" --force
  run vqcodec info "$out/dog.vqc"
  run vqcodec decode "$out/dog.vqc" -o "$out/dog.mkv" --lossless --force
  run vqcodec compare dog.mkv "$out/dog.mkv"
  seen=", watch demo/dog.mkv"
fi
printf '\nLook at %s beside samples/kodim23.png, listen to %s%s.\n' "demo/kodim23.png" "demo/woman.wav" "$seen"
