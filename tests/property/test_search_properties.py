"""Properties of the nearest-codeword search, each method against what must hold whatever the data."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vqcodec.vq.search import SearchIndex

METHODS = st.sampled_from(["_plain_search", "_tile_search", "_box_search"])
COMPONENTS = st.one_of(
    st.integers(-4, 4).map(float), st.floats(-1024, 1024, width=32), st.floats(-(2.0**49), 2.0**49, width=32)
)


@st.composite
def problems(draw, dimension=3):
    sizes = draw(st.tuples(st.integers(1, 20), st.integers(1, 40)))
    return tuple(draw(arrays(np.float32, (size, dimension), elements=COMPONENTS)) for size in sizes)


def search(method, vectors, codewords, penalties=None, hint=()):
    indices, distortions = np.empty(len(vectors), np.int32), np.empty(len(vectors), np.float32)
    index = SearchIndex(codewords, penalties)
    getattr(index, method)(vectors, np.asarray(hint, np.int32), indices, distortions)
    return indices, distortions


def costs(vectors, codewords, penalties):
    total = np.zeros((len(vectors), len(codewords)))
    for d in range(vectors.shape[1]):
        total += np.square(vectors[:, d, np.newaxis].astype(np.float64) - codewords[:, d].astype(np.float64))
    return total + penalties


@settings(max_examples=60, deadline=None)
@given(METHODS, problems(), st.data())
def test_least_cost_and_lowest_index(method, problem, data):
    vectors, codewords = problem
    penalties = data.draw(arrays(np.float64, len(codewords), elements=st.sampled_from([0.0, 0.5, 1.0, 1e6])))
    hint = data.draw(arrays(np.int32, len(vectors), elements=st.integers(0, len(codewords) - 1)))
    expected = costs(vectors, codewords, penalties).argmin(axis=1)
    np.testing.assert_array_equal(search(method, vectors, codewords, penalties)[0], expected)
    np.testing.assert_array_equal(search(method, vectors, codewords, penalties, hint)[0], expected)


@settings(max_examples=40, deadline=None)
@given(METHODS, problems(), st.randoms(use_true_random=False))
def test_order_of_codewords_does_not_matter_to_the_distortion(method, problem, random):
    vectors, codewords = problem
    order = list(range(len(codewords)))
    random.shuffle(order)
    indices, distortions = search(method, vectors, codewords)
    shuffled, same = search(method, vectors, codewords[order])
    np.testing.assert_array_equal(distortions, same)
    assert all(
        distortions[i] == search(method, vectors[i : i + 1], codewords[[k]])[1][0] for i, k in enumerate(indices)
    )
    assert len(shuffled) == len(vectors)


@settings(max_examples=40, deadline=None)
@given(METHODS, problems())
def test_codewords_find_themselves(method, problem):
    codewords = problem[1]
    indices, distortions = search(method, codewords, codewords)
    assert not distortions.any()
    np.testing.assert_array_equal(codewords[indices], codewords)
    assert (indices <= np.arange(len(codewords))).all()
