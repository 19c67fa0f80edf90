#!/bin/sh
# Makes the shipped codebooks again, to the same bytes. Takes some hours on two cores.
#   codebooks/recipe.sh PICTURES SPEECH VIDEO [CLIPS]
# PICTURES holds train/, train_screen/ and tiles/emoji_noto64/, SPEECH the recordings libri_*, asterisk_* and 8k/*, VIDEO the clips *.mkv
# (see LICENSES.md). The clips of screens are made in CLIPS, or else in a folder that is removed.
set -eu
export LC_ALL=C
images=${1:-../shared/data/images}
speech=${2:-../shared/data/speech/train}
video=${3:-../shared/data/video/train}
out=$(dirname "$0")
[ -d "$speech/8k" ] || { echo "recipe.sh: no folder $speech/8k; give the one with the training recordings" >&2; exit 3; }
for folder in train train_screen tiles/emoji_noto64; do
    [ -d "$images/$folder" ] || { echo "recipe.sh: no folder $images/$folder; give the one with the training pictures" >&2; exit 3; }
done
photos=$images/train

classic() {
    name=$1
    shift
    vqcodec train-codebook "$photos"/wp_*.png --engine block --name "$name" --scales 2 --symmetries --hold-out 0 "$@" \
        -o "$out/$name.vqcb" --force
}

classic classic-4x4-256 --size 256 --training-vectors 2000000
classic classic-2x2-256 --size 256 --side 2 --training-vectors 1000000
classic classic-4x4-1024 --size 1024 --classes 16 --training-vectors 2000000

vqcodec train-codebook "$photos"/wp_*.png --engine transform --name photo --parent none --hold-out 0 \
    --pixels 6000000 --rounds 3 --effort 6 -o "$out/photo.vqcb" --force

# Five screenshots and two thirds of the emoji stay out, to measure on.
screenshots() {
    for file in "$images"/train_screen/opencv*.png; do
        case ${file##*/} in
            opencv_imageTextN.png | opencvdoc_qtgui.png | opencvdoc_eclipse_7_* | opencvdoc_eclipse_cdt_cfg3.png | *drag_and_drop.png) ;;
            *) echo "$file" ;;
        esac
    done
}
emoji() {
    for file in "$images"/tiles/emoji_noto64/*.png; do echo "$file"; done | awk 'NR % 3 == 1'
}
{ screenshots; emoji; } | xargs vqcodec train-codebook --engine transform --name graphic --hold-out 0 --parent "$out/photo.vqcb" \
    --pixels 4000000 --rounds 2 --effort 5 -o "$out/graphic.vqcb" --force

voice() {
    name=$1
    engine=$2
    shift 2
    vqcodec train-codebook "$@" --media speech --engine "$engine" --name "$name" --hold-out 0 -o "$out/$name.vqcb" --force
}

# Six seconds of each recording: eight to ten minutes of speech, which take the two some 20 and 25 minutes of one core.
voice speech-nb celp-nb "$speech"/libri_* "$speech"/asterisk_* "$speech"/8k/* --seconds 6 --parent none
voice speech-wb celp-wb "$speech"/libri_* "$speech"/asterisk_* --seconds 6 --parent none
voice celp-4800 celp-fixed "$speech"/libri_* "$speech"/asterisk_* "$speech"/8k/* --seconds 4 --rounds 6
voice ld-celp-16k ld-celp "$speech"/libri_* "$speech"/asterisk_* "$speech"/8k/* --seconds 4 --rounds 10

vqcodec train-codebook "$video"/*.mkv --media video --engine mc --name video --parent none --frames-per-clip 17 --rounds 3 --effort 5 --memory-bytes 0 --hold-out 0 \
    -o "$out/video.vqcb" --force
vqcodec train-codebook "$video"/*.mkv --media video --engine st3d --name video-st3d --parent none --frames-per-clip 8 --rounds 2 --hold-out 0 \
    --effort 5 -o "$out/video-st3d.vqcb" --force

clips=${4:-}
[ -n "$clips" ] || { clips=$(mktemp -d) && trap 'rm -rf "$clips"' EXIT; }
screenshots | xargs "${PYTHON:-python3}" "$out/screens.py" "$clips" --photographs "$photos"/wp_*.png --films "$video"/*.mkv --screenshots
vqcodec train-codebook "$clips"/*.y4m --media video --engine mc --name screen --parent "$out/graphic.vqcb" --frames-per-clip 9 --rounds 3 --effort 5 \
    --memory-bytes 0 --hold-out 0 -o "$out/screen.vqcb" --force
