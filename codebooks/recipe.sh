#!/bin/sh
# Makes the shipped codebooks again; README.md says which of them to the same bytes. Takes about half an hour.
#   codebooks/recipe.sh FOLDER      FOLDER holds the training photographs, wp_*.png (see LICENSES.md)
set -eu
photos=${1:-../shared/data/images/train}
out=$(dirname "$0")
[ -d "$photos" ] || { echo "recipe.sh: no folder $photos; give the one with the training photographs" >&2; exit 3; }

classic() {
    name=$1
    shift
    vqcodec train-codebook "$photos"/wp_*.png --engine block --name "$name" --scales 2 --symmetries "$@" \
        -o "$out/$name.vqcb" --force
}

classic classic-4x4-256 --size 256 --training-vectors 2000000
classic classic-2x2-256 --size 256 --block 2 --training-vectors 1000000
classic classic-4x4-1024 --size 1024 --classes 16 --training-vectors 2000000

vqcodec train-codebook "$photos"/wp_*.png --engine transform --name photo --parent none --scales 2 \
    --pixels 3000000 --rounds 3 --effort 4 -o "$out/photo.vqcb" --force
