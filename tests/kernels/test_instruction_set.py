"""Which instructions of the processor kernels use."""

import platform

import numba
import pytest

from fastw2v_kernels._jit import compiler
from fastw2v_kernels._simd.instruction_set import INSTRUCTIONS, SETS, available, chosen, visible
from fastw2v_kernels._simd.ir import BOUNDSCHECK
from tests.kernels.harness import run_python

AVX512 = {"avx512f": True, "avx512vl": True, "avx512dq": True, "avx512bw": True}
AVX2 = {"sse2": True, "avx": True, "avx2": True, "fma": True}


def names(machine, features):
    return [kind.name for kind in available(machine, features)]


def test_a_processor_has_its_own_and_the_older_sets():
    assert names("x86_64", AVX2 | AVX512) == ["avx512", "avx2", "sse"]
    assert names("AMD64", AVX2 | {"avx512f": True}) == ["avx2", "sse"]
    assert names("x86_64", {"sse2": True, "avx2": True}) == ["sse"]
    assert names("aarch64", {"neon": True}) == names("arm64", {}) == ["neon"]


def test_the_best_is_taken_or_the_one_that_is_asked_for():
    sets = available("x86_64", AVX2 | AVX512)
    assert [chosen(asked, sets).name for asked in (None, "", "sse")] == ["avx512", "avx512", "sse"]
    with pytest.raises(ImportError, match=r"FASTW2V_SIMD is 'neon'; this processor has avx512, avx2, sse: set one"):
        chosen("neon", sets)


def test_without_a_choice_a_process_has_the_best_of_this_host():
    printed = run_python(
        "from fastw2v_kernels._simd import instruction_set as i; print(i.INSTRUCTIONS.name)", FASTW2V_SIMD=""
    )
    assert printed.strip() == ("neon" if platform.machine() in ("aarch64", "arm64") else SETS[0].name)


def test_llvm_sees_no_instruction_of_a_better_set():
    avx2, sse = available("x86_64", AVX2)
    features = AVX2 | AVX512 | {"sse4a": False}
    assert visible(features, avx2) == "+avx,+avx2,-avx512bw,-avx512dq,-avx512f,-avx512vl,+fma,+sse2,-sse4a"
    assert [name for name in visible(features, sse).split(",") if name[0] == "+"] == ["+sse2"]


def test_a_choice_that_comes_too_late_is_refused():
    """Numba keeps to the processor's features that it first saw."""
    late = "import numba; numba.njit(lambda x: x)(1); import os; os.environ['FASTW2V_SIMD'] = 'sse'\n"
    late += "try:\n    import fastw2v_kernels._simd\nexcept ImportError as error:\n    print(error)"
    if INSTRUCTIONS.name == "neon":
        pytest.skip("the processor has one set")
    assert run_python(late, FASTW2V_SIMD="").startswith("FASTW2V_SIMD=sse came after Numba had compiled")


def test_a_numba_that_was_not_tried_has_the_standard_compiler(monkeypatch, caplog):
    monkeypatch.delenv("FASTW2V_COMPILER", raising=False)
    assert compiler.options()[0] == "fast"
    monkeypatch.setattr(numba, "version_info", numba.version_info._replace(minor=compiler._FIRST_UNKNOWN[1]))
    with caplog.at_level("INFO", "fastw2v"):
        assert compiler.options()[0] == "standard"
    assert caplog.messages == [
        "kernels are compiled by Numba's standard compiler, which takes longer: the fast one was not tried with Numba "
        + numba.__version__
    ]


def test_a_compiler_that_does_not_exist_is_refused(monkeypatch):
    monkeypatch.setenv("FASTW2V_COMPILER", "slow")
    with pytest.raises(ImportError, match=r"FASTW2V_COMPILER is 'slow'; expected fast \(the default\) or standard"):
        compiler.options()


TRAIN = """
import hashlib
from fastw2v import Word2Vec
from fastw2v_kernels._jit.cpu import COMPILER, n_compiled
sentences = [[f"w{i * j % 83}" for i in range(20)] for j in range(200)]
for sg in (0, 1):
    model = Word2Vec(sentences, sg=sg, vector_size=40, workers=1, min_count=1, compute_loss=True)
    content = model.wv.vectors.tobytes() + repr(model.get_latest_training_loss()).encode()
    print(sg, COMPILER, n_compiled() > 0, hashlib.sha256(content).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.skipif(BOUNDSCHECK, reason="checks of bounds are compiled between the operations, and change their order")
@pytest.mark.parametrize("simd", [kind.name for kind in SETS if kind.name != "sse"])
def test_both_compilers_give_the_same_bits(tmp_path, simd):
    """Each in its own part of one cache. With SSE, which cannot multiply and add in one step, the last bits differ."""
    found = {}
    for name in ("fast", "standard"):
        out = run_python(TRAIN, FASTW2V_COMPILER=name, FASTW2V_SIMD=simd, NUMBA_CACHE_DIR=str(tmp_path))
        rows = [line.split() for line in out.splitlines()]
        assert [row[1:3] for row in rows] == [[name, "True"]] * 2
        found[name] = [row[3] for row in rows]
    assert found["fast"] == found["standard"]
