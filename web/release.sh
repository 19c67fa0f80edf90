#!/bin/sh
# Makes a decoder that is ready to be put on a site: minified modules, WebAssembly, the page and the shipped codebooks.
# release.sh FOLDER [WASM]: WASM is the folder of vqcodec-*.wasm, without it that of this script. Needs node's npm.
set -e
web=$(cd "$(dirname "$0")" && pwd)
target=$1
wasm=${2:-$web}
version=0.28.2
tools=$web/../build/esbuild-$version
ls "$wasm"/vqcodec-pictures.wasm > /dev/null 2>&1 || { echo "$wasm: no vqcodec-pictures.wasm there; run make wasm" >&2; exit 1; }
[ -x "$tools/node_modules/.bin/esbuild" ] ||
  npm install --silent --no-audit --no-fund --fetch-retries 1 --fetch-timeout 20000 --prefix "$tools" "esbuild@$version" ||
  { echo "npm does not give esbuild $version: no network?" >&2; exit 1; }
rm -rf "$target"
mkdir -p "$target/codebooks"
entries="index pictures page image_element picture_worker plain_images service_worker codebooks pixels png pack/pack"
# One module for what several need, so that a page loads it once
"$tools/node_modules/.bin/esbuild" $(for entry in $entries; do echo "$web/$entry.mjs"; done) \
  --bundle --splitting --minify --format=esm --target=es2022 --external:node:fs/promises --out-extension:.js=.mjs \
  --outbase="$web" --outdir="$target" --log-level=warning
cp "$web/index.html" "$wasm"/vqcodec-*.wasm "$target"
cp "$web"/../codebooks/*.vqcb "$web/../codebooks/LICENSES.md" "$target/codebooks"
sed 's#"\.\./codebooks/#"codebooks/#' "$web/codebooks.json" > "$target/codebooks.json"
