# Two commands do everything, set-up included: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find vqcodec -name '*.py' -o -name '*.c' -o -name 'signatures.json')

.PHONY: setup signatures demo test test-slow test-kernels test-numba test-aarch64 fuzz lint types docs site bench bench-design bench-image bench-memory bench-speech bench-video wheel sbom wasm web screenshots clean help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/kernels ## make .venv with locked versions, and compile the kernels; instant when nothing changed

$(VENV)/installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# A C compiler links them: the system's, or else the one in PyPI's ziglang, which is among the locked versions.
$(VENV)/kernels: $(VENV)/installed $(SOURCES)
	$(BIN)/python -m vqcodec.kernels.build
	@touch $@

signatures: $(VENV)/installed ## write down anew for which types of arguments kernels are compiled; then compile
	$(BIN)/python -m vqcodec.api.recording
	$(MAKE) setup

demo: setup ## encode and decode the sample pictures, and print what it cost and what was lost
	PATH="$(CURDIR)/$(BIN):$$PATH" sh samples/demo.sh

test: setup ## the test suite
	$(BIN)/pytest -m "not slow" --numprocesses 2 --no-loadscope-reorder

test-slow: setup ## the tests that `make test` leaves out: trainings of every engine, all kernels by numba (fifteen minutes)
	$(BIN)/pytest -m slow --numprocesses 2

# They call kernels of training, or of their own, and only numba compiles these.
UNCHECKED := $(addprefix --ignore=tests/property/test_,entropy.py search_properties.py speech_damage.py speech_packets.py)

test-kernels: setup ## the same bits from numba, from native code, and with every index checked (ten minutes)
	$(BIN)/python -m vqcodec.kernels.build --checked
	$(BIN)/pytest tests/unit/test_kernel_signatures.py tests/unit/test_kernel_loading.py
	VQCODEC_KERNELS=checked $(BIN)/pytest tests/golden tests/files tests/property $(UNCHECKED)
	VQCODEC_KERNELS=jit $(BIN)/pytest tests/golden

test-numba: ## golden files by numba alone, of the oldest and the newest version allowed (twenty minutes)
	for version in 'numba==0.61.*' numba; do \
	  rm -rf $(VENV)-numba && $(PYTHON) -m venv $(VENV)-numba && \
	  $(VENV)-numba/bin/pip install --quiet --disable-pip-version-check "$$version" pytest . && \
	  VQCODEC_KERNELS=jit $(VENV)-numba/bin/pytest tests/golden || exit 1; \
	done
	rm -rf $(VENV)-numba

test-aarch64: setup ## the wheel for aarch64 under qemu: the same bytes and samples (half an hour; needs Debian and qemu-user)
	sh tests/aarch64/run.sh $(BIN)/python

SECONDS ?= 3600
fuzz: setup ## changed files, codebooks and inputs, an hour of them (SECONDS=...); prints what is wrong, by name
	$(BIN)/python tests/fuzz/fuzz.py --seconds $(SECONDS)

lint: setup ## ruff, and the types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: setup ## regenerate what is generated: the command reference and the tables of figures
	$(BIN)/python -m vqcodec.cli.reference > docs/cli.md
	$(BIN)/python -m benchmarks.tables

site: $(VENV)/installed ## the documentation as web pages, into build/site; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

$(VENV)/benchmarking: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

bench: setup $(VENV)/benchmarking ## all benchmarks: JSON in benchmarks/results, then the tables
	$(BIN)/python -m benchmarks.entropy
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.lbg
	$(BIN)/python -m benchmarks.block
	$(BIN)/python -m benchmarks.palette
	$(BIN)/python -m benchmarks.design
	$(MAKE) bench-image
	$(MAKE) bench-memory
	$(MAKE) bench-speech
	$(MAKE) bench-video

bench-design: setup $(VENV)/benchmarking ## methods and structures of codebook design, beside theory (ten minutes)
	$(BIN)/python -m benchmarks.design
	$(BIN)/python -m benchmarks.tables

# Butteraugli comes with `apt-get install butteraugli`, ColorVideoVDP (with PyTorch) with `pip install '.[cvvdp]'`.
bench-image: setup $(VENV)/benchmarking ## rate-distortion of pictures beside JPEG, WebP, JPEG 2000, AVIF, JPEG XL
	$(BIN)/python -m benchmarks.image
	$(BIN)/python -m benchmarks.image_seen
	$(BIN)/python -m benchmarks.image --grey
	$(BIN)/python -m benchmarks.image --small
	$(BIN)/python -m benchmarks.side_by_side
	$(BIN)/python -m benchmarks.tables

bench-memory: setup $(VENV)/benchmarking ## what codebooks of one's own bring that remember pictures of the corpus (an hour)
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.memory_video
	$(BIN)/python -m benchmarks.packs
	$(BIN)/python -m benchmarks.tables

bench-speech: setup $(VENV)/benchmarking ## speech beside Opus, AMR-NB, Speex, G.723.1, GSM, Codec2 (apt-get install codec2 speex)
	$(BIN)/python -m benchmarks.speech
	$(BIN)/python -m benchmarks.speech_robustness
	$(BIN)/python -m benchmarks.tables

bench-video: setup $(VENV)/benchmarking ## video beside x264, x265, VP9, VP8, Theora, MPEG-4, MPEG-2, H.263+, Sorenson, RoQ, Cinepak
	$(BIN)/python -m benchmarks.video
	$(BIN)/python -m benchmarks.video_screen
	$(BIN)/python -m benchmarks.spatiotemporal
	$(BIN)/python -m benchmarks.video_side_by_side
	$(BIN)/python -m benchmarks.tables

wheel: setup ## build the wheels into dist/: x86-64 and aarch64 with compiled kernels, and one for all systems
	rm -rf build/man
	$(BIN)/python -m vqcodec.cli.man.pages build/man
	VQCODEC_MAN="$(CURDIR)/build/man" $(BIN)/python -m vqcodec.kernels.build.wheels

sbom: $(VENV)/installed ## list what an installation brings along: CycloneDX, into dist/ (needs the wheel for all systems there)
	rm -rf build/sbom && $(PYTHON) -m venv --without-pip build/sbom/installed && $(PYTHON) -m venv build/sbom/tool
	build/sbom/tool/bin/pip install --quiet --disable-pip-version-check 'pip>=23.1' 'cyclonedx-bom>=7.1,<8'
	build/sbom/tool/bin/pip --python build/sbom/installed install --quiet --disable-pip-version-check dist/vqcodec-*-none-any.whl
	build/sbom/tool/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	  -o dist/vqcodec.cdx.json build/sbom/installed/bin/python

wasm: setup ## make the kernels of the decoder for browsers, web/vqcodec-*.wasm
	$(BIN)/python -m vqcodec.kernels.build --wasm web

web: wasm ## the decoder for browsers as it is put on a site: minified, with the codebooks, in build/web (needs npm)
	sh web/release.sh build/web

screenshots: web ## the pictures of features in the documentation (needs Chromium and tmux)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python website/screenshots.py

clean: ## remove what the other targets made
	rm -rf $(VENV) dist demo build vqcodec/kernels/objects web/vqcodec-*.wasm .pytest_cache .mypy_cache .ruff_cache
