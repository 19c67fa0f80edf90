"""Training on the workers of a Dask scheduler: the same bytes as on threads, whatever happens to workers."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from test_resume import RUNS, pictures, task_of
from training_tasks import task_for

import vqcodec
from vqcodec.carriers import cluster
from vqcodec.carriers.cluster import DaskCarrier, connected
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.errors import SchedulerError, UsageError
from vqcodec.image.block.carried import CarriedSequence
from vqcodec.image.pixels import Picture
from vqcodec.media.registry import find_engine
from vqcodec.speech.training import train as celp
from vqcodec.speech.training.set_training import SetDesign
from vqcodec.speech.training.train import Ladder
from vqcodec.vq.design.cells import shards_of
from vqcodec.vq.design.lbg import lbg

PATIENCE_S = 600  # with a process that may compile kernels on a machine that has other work to do
SLOW = ("image/transform", "video/st3d", "speech/celp-fixed", "speech/ld-celp")
distributed = pytest.importorskip("distributed", reason="needs Dask: pip install 'vqcodec[distributed]'")


@pytest.fixture(scope="module")
def carrier() -> Iterator[DaskCarrier]:
    """Two processes."""
    with connected(None, 2) as found:
        yield found


def slowly(shard: int, more: int) -> int:
    """Work that takes a while."""
    time.sleep(0.05)
    return shard * more


def made(shard: int) -> tuple[int, np.ndarray]:
    """A value to keep, and its length."""
    time.sleep(0.05)
    return 1000 * shard, np.arange(1000 * shard)


def summed(part: tuple[np.ndarray, int]) -> int:
    """A use of a value that is kept."""
    time.sleep(0.05)
    return int(part[0].sum()) + part[1]


def refused(shard: int) -> None:
    """Work that fails."""
    raise UsageError(f"shard {shard} cannot be")


def own_process(shard: int) -> int:
    """The process that works on a shard."""
    time.sleep(0.1)
    return os.getpid()


def kill_a_worker(carrier: DaskCarrier) -> None:
    """Kill one of the processes as the system does when memory runs out."""
    os.kill(next(iter(carrier.map(own_process, [0]))), signal.SIGKILL)


def test_results_come_in_the_order_of_the_shards(carrier: DaskCarrier) -> None:
    assert list(carrier.map(slowly, range(20), 3)) == list(range(0, 60, 3))
    assert len(set(carrier.map(own_process, range(8)))) == 2


def test_values_stay_where_they_were_made_and_survive_their_worker(carrier: DaskCarrier) -> None:
    found = list(carrier.keep(made, range(8)))
    assert [result for result, _ in found] == [1000 * n for n in range(8)]
    wanted = [int(np.arange(1000 * n).sum()) + n for n in range(8)]
    parts = [(handle, number) for number, (_, handle) in enumerate(found)]
    assert list(carrier.map(summed, parts)) == wanted
    kill_a_worker(carrier)
    assert list(carrier.map(summed, parts)) == wanted


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(carrier: DaskCarrier) -> None:
    results = []
    for number, result in enumerate(carrier.map(slowly, range(60), 2)):
        results.append(result)
        if number == 5:
            kill_a_worker(carrier)
    assert results == list(range(0, 120, 2))


def test_errors_of_the_work_come_back_by_their_names(carrier: DaskCarrier) -> None:
    with pytest.raises(UsageError, match="shard 0 cannot be"):
        list(carrier.map(refused, range(3)))


def test_a_worker_of_another_version_is_refused(carrier: DaskCarrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "__version__", "99")
    with pytest.raises(SchedulerError, match=r"a worker has vqcodec \S+, and this is 99; install the same there"):
        list(carrier.map(slowly, range(3), 2))


@pytest.mark.parametrize("engine", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in RUNS])
def test_every_engine_trains_to_the_bytes_of_one_process(
    engine: str, carrier: DaskCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = SetDesign(0.02, 0.3, 0.1, pulse_counts=(1, 3, 6), gains=(30, 12, 6), sharpening=0.375)
    monkeypatch.setitem(celp.LADDERS, "nb", Ladder((0.3,), ((0, design),), (3,), 0))
    known = find_engine(engine)
    assert known is not None
    tasks = [task_of(engine, carrier=chosen) for chosen in (ThreadCarrier(1), carrier)]
    books = [known.trainer(task) for task in tasks]
    assert books[0].to_bytes() == books[1].to_bytes()
    assert tasks[0].findings.as_dict() == tasks[1].findings.as_dict()


@pytest.mark.parametrize("few", [False, True], ids=["plain", "cells run empty"])
def test_codewords_designed_on_shards_are_those_of_one_process(few: bool, carrier: DaskCarrier) -> None:
    rng = np.random.default_rng(4)
    spread = rng.laplace(size=(40_000, 3))
    vectors = (np.rint(spread * 2) if few else spread).astype(np.float32)  # whole numbers: many vectors are alike
    start = np.zeros((24, 3), np.float32) if few else "k-means++"
    asked: dict[str, Any] = {"start": start, "threshold": 1e-3}
    plain = lbg(vectors, 24, threads=1, **asked)
    assert len(shards_of(vectors, 24)) == 4
    for chosen in (ThreadCarrier(2), carrier):
        found = lbg(vectors, 24, divided=CarriedSequence(chosen, vectors, 24), **asked)
        assert found.codewords.tobytes() == plain.codewords.tobytes()
        assert np.array_equal(found.indices, plain.indices)
        assert np.array_equal(found.counts, plain.counts)
        assert found.history == plain.history


def test_block_codebooks_of_several_shards_have_the_bytes_of_one_process(carrier: DaskCarrier) -> None:
    known = find_engine("image/block")
    assert known is not None
    noise = np.random.default_rng(8).integers(0, 40, (2, 320, 320, 1))
    y, x = np.mgrid[0:320, 0:320]
    media = [Picture(((y // 3 + n * x // 5)[:, :, None] % 200 + noise[n]).astype(np.uint8)) for n in range(2)]
    options = {"size": 8, "classes": 2, "side": 2, "layout": "grey"}
    tasks = [task_for("image/block", media, carrier=chosen, **options) for chosen in (ThreadCarrier(1), carrier)]
    books = [known.trainer(task) for task in tasks]
    assert books[0].to_bytes() == books[1].to_bytes()
    assert tasks[0].findings.as_dict() == tasks[1].findings.as_dict()
    sequence = np.concatenate([m.samples.reshape(160, 2, 160, 2).swapaxes(1, 2).reshape(-1, 4) for m in media])
    codewords = lbg(sequence, 8, start="k-means++", threshold=2e-4).codewords
    codewords = np.clip(np.rint(codewords), 0, 255).astype(np.uint8)
    order = np.argsort(codewords.mean(axis=1), kind="stable")
    assert np.array_equal(books[0].arrays["luma.codewords"], codewords[order])


def test_a_training_whose_worker_is_killed_ends_with_the_same_bytes(carrier: DaskCarrier) -> None:
    known = find_engine("image/block")
    assert known is not None
    killed: list[str] = []

    def kill_once(what: str, _part: float) -> None:
        if "round 1" in what and not killed:
            killed.append(what)
            kill_a_worker(carrier)

    options = {"size": 8, "classes": 2, "lambda_": 5.0, "rounds": 3}
    plain = known.trainer(task_for("image/block", pictures(), **options))
    other = known.trainer(task_for("image/block", pictures(), carrier=carrier, progress=kill_once, **options))
    assert killed
    assert other.to_bytes() == plain.to_bytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with pictures in a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    for number, picture in enumerate(pictures()):
        Image.fromarray(np.tile(picture.samples, (8, 8, 1))).save(tmp_path / "pictures" / f"{number}.png")
    return tmp_path


ASKED: dict[str, Any] = {"medium": "image", "engine": "block", "size": 16, "classes": 3, "layout": "grey"}


def test_processes_of_this_machine_train_from_files_and_urls(folder: Path) -> None:
    told: list[dict[str, Any]] = []
    asked = {**ASKED, "hold_out": 1, "report": lambda record: told.append(dict(record))}
    plain = vqcodec.train_codebook([folder / "pictures"], **asked)
    for source in (folder / "pictures", (folder / "pictures").as_uri()):
        assert vqcodec.train_codebook([source], workers=2, **asked).to_bytes() == plain.to_bytes()
    for record in told:
        assert record["held_out"].pop("files")[0].endswith("pictures/1.png")
    assert told[0] == told[1] == told[2]
    assert told[0]["held_out"]["count"] == 1
    assert sorted(path.name for path in folder.iterdir()) == ["pictures"]


def test_files_are_encoded_and_decoded_by_workers(folder: Path) -> None:
    (folder / "pictures" / "broken.png").write_bytes(b"nothing")
    book = folder / "own.vqcb"
    book.write_bytes(vqcodec.train_codebook([folder / "pictures" / "0.png"], **{**ASKED, "layout": "joint"}).to_bytes())
    command = [sys.executable, "-m", "vqcodec"]

    def run(where: str, *more: str) -> str:
        ended = subprocess.run(
            [*command, *shlex.split(where), *more], capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert ended.returncode == (3 if "encode" in where else 0), ended.stderr
        return re.sub(r"[\d.]+ s$", "", ended.stdout + ended.stderr, flags=re.MULTILINE)

    for options in ("", "-c own.vqcb"):
        said = [
            run(f"encode pictures -d {out} --force {options} --no-progress", *more).replace(out, "")
            for out, more in (("here", ()), ("there", ("--workers", "2")))
        ]
        assert said[0] == said[1]
        assert "broken.png: " in said[0]
        for name in ("0.vqc", "1.vqc"):
            assert (folder / "here" / name).read_bytes() == (folder / "there" / name).read_bytes()
    book.rename(folder / "here" / "own.vqcb")  # it is found beside the files
    run("decode here/0.vqc here/1.vqc -d decoded --no-progress")
    run("decode here/0.vqc here/1.vqc -d again --workers 1 --no-progress")
    for name in ("0.png", "1.png"):
        assert (folder / "decoded" / name).read_bytes() == (folder / "again" / name).read_bytes()


def test_pictures_in_memory_are_trained_on(folder: Path) -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    for path in sorted((folder / "pictures").iterdir()):
        store.pipe_file(f"/tiles/below/{path.name}", path.read_bytes())
    store.pipe_file("/tiles/notes.txt", b"nothing")
    told: list[str] = []
    found = vqcodec.train_codebook(["memory://tiles"], notice=told.append, **ASKED)
    assert found.to_bytes() == vqcodec.train_codebook([folder / "pictures"], **ASKED).to_bytes()
    assert told[0].startswith("training on 2 pictures")
    with pytest.raises(vqcodec.errors.UnreadableInputError, match="memory://none: no such file or folder"):
        vqcodec.train_codebook(["memory://none"], **ASKED)
    with pytest.raises(UsageError, match="nowhere://x: cannot be read here"):
        vqcodec.train_codebook(["nowhere://x"], **ASKED)


def test_workers_read_pictures_from_a_bucket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moto = pytest.importorskip("moto.server", reason="needs moto and s3fs: pip install 'moto[server]' s3fs")
    s3fs = pytest.importorskip("s3fs", reason="needs moto and s3fs: pip install 'moto[server]' s3fs")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        address, port = server.get_host_and_port()
        for name, value in (
            ("AWS_ENDPOINT_URL", f"http://{address}:{port}"),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ):
            monkeypatch.setenv(name, value)
        store = s3fs.S3FileSystem(skip_instance_cache=True)
        store.mkdir("tiles")
        for path in (folder / "pictures").iterdir():
            store.pipe_file(f"tiles/below/{path.name}", path.read_bytes())
        plain = vqcodec.train_codebook([folder / "pictures"], **ASKED)
        found = vqcodec.train_codebook(["s3://tiles/below"], workers=2, **ASKED)
        assert found.to_bytes() == plain.to_bytes()
        with pytest.raises(vqcodec.errors.UnreadableInputError, match="s3://none: no such file or folder"):
            vqcodec.train_codebook(["s3://none"], **ASKED)
    finally:
        server.stop()


def test_a_scheduler_that_is_not_there_is_an_error_of_one_line(folder: Path) -> None:
    for address, said in (("tcp://127.0.0.1:1", "no scheduler answers there"), ("nonsense", "")):
        with pytest.raises(SchedulerError, match=f"{address}: {said}") as raised:
            vqcodec.train_codebook([folder / "pictures"], scheduler=address, **ASKED)
        assert "\n" not in str(raised.value)
    with pytest.raises(UsageError, match="exclude one another"):
        vqcodec.train_codebook([folder / "pictures"], scheduler="tcp://127.0.0.1:1", workers=2, **ASKED)
    told: list[str] = []
    with pytest.raises(UsageError, match="exclude one another"):  # at once, before the files are looked at
        vqcodec.train_codebook([folder], scheduler="x", workers=2, notice=told.append, engine="block", medium="image")
    assert not told


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A scheduler in a process of its own, with one worker; the process and its address."""
    begin = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(
        [*begin, "scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    address = None
    giving_up = threading.Timer(PATIENCE_S, process.kill)  # which ends the line that is waited for
    giving_up.start()
    while address is None:
        line = process.stderr.readline()
        assert line, "the scheduler ended"
        address = re.search(r"Scheduler at: *(tcp://\S+)", line)
    giving_up.cancel()
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path / "space")]
    worker = subprocess.Popen([*begin, "worker", address[1], *options], **quiet)
    yield process, address[1]
    for one in (process, worker):
        one.kill()
        one.wait(PATIENCE_S)


def test_a_scheduler_that_goes_away_leaves_what_is_finished(
    folder: Path, scheduler: tuple[subprocess.Popen[str], str]
) -> None:
    process, address = scheduler
    options = shlex.split("--engine block --size 16 --classes 3 --lambda 4 --rounds 20 --name x --no-progress")
    command = [sys.executable, "-m", "vqcodec", "train-codebook", str(folder / "pictures"), *options]
    unfinished = folder / "x.vqcb.unfinished"
    train = subprocess.Popen(
        [*command, "-o", str(folder / "x.vqcb"), "--scheduler", address], stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + PATIENCE_S
    while not unfinished.exists():
        assert train.poll() is None, train.communicate(timeout=PATIENCE_S)
        assert time.monotonic() < end, train.kill()
        time.sleep(0.002)
    process.kill()
    _, said = train.communicate(timeout=PATIENCE_S)
    assert train.returncode == 9, said
    assert re.search(rf"(?m)^vqcodec: {address}: the scheduler went away; start it again$", said)
    assert "Traceback" not in said
    assert "keeps what is finished: the same command with --resume goes on from there" in said
    subprocess.run(
        [*command, "-o", str(folder / "x.vqcb"), "--resume"], check=True, capture_output=True, timeout=PATIENCE_S
    )
    whole = [*command, "-o", str(folder / "whole.vqcb")]
    subprocess.run(whole, check=True, capture_output=True, timeout=PATIENCE_S)
    assert (folder / "x.vqcb").read_bytes() == (folder / "whole.vqcb").read_bytes()
