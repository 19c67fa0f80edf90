#!/bin/sh
# Whether the wheel for aarch64 does on an emulated computer what this one does: sh tests/aarch64/run.sh PYTHON
# Python for arm64 comes from Debian's packages and its libraries from PyPI. Nothing is installed: all is in build/aarch64.
set -eu
python=$1
cd "$(dirname "$0")/../.."
folder=$PWD/build/aarch64
root=$folder/root

fail() {
    echo "test-aarch64: $1" >&2
    exit 1
}

for program in apt-get dpkg-deb; do
    command -v $program >/dev/null || fail "there is no $program: this needs Debian, whose packages for arm64 it unpacks"
done
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static || true)
[ -n "$qemu" ] || fail "there is no emulator: apt-get install qemu-user"

if [ ! -e "$folder/unpacked" ]; then
    echo "Python for arm64"
    mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$root"
    : >"$folder/apt/status"
    apt() {
        apt-get -qq -y -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Debug::NoLocking=1 \
            -o Dir::State::lists="$folder/apt/lists" -o Dir::State::status="$folder/apt/status" \
            -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
    }
    apt update || fail "the lists of packages for arm64 cannot be read"
    apt --no-install-recommends --download-only install python3 libstdc++6 ||
        fail "Python for arm64 is not in the sources of apt-get"
    for package in "$folder"/apt/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    touch "$folder/unpacked"
fi
there() {
    env PYTHONPATH="$folder/site" VQCODEC_KERNELS=aarch64 XDG_CACHE_HOME="$folder/cache" \
        "$qemu" -L "$root" "$root/usr/bin/python3" -P "$@" # -P: not the package in this folder
}
version=$(there -c 'import sys; print("%d.%d" % sys.version_info[:2])')

echo "the wheel, and the libraries that it needs, for Python $version"
rm -rf "$folder/site" dist/*aarch64.whl
"$python" -m vqcodec.kernels.build.wheels aarch64
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder/site" --only-binary=:all: \
    --platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64 --python-version "$version" \
    -r tests/aarch64/requirements.txt -c requirements.lock dist/*aarch64.whl

there -m vqcodec --version --verbose
"$python" tests/aarch64/measure.py "$folder/ours"
rm -rf "$folder/theirs"
there tests/aarch64/measure.py "$folder/theirs" "$folder/ours"
"$python" tests/aarch64/measure.py --compare "$folder/ours" "$folder/theirs"
