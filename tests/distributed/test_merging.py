"""Rules that merge replicas: what each does with rare and frequent rows, and with a quadratic."""

import numpy as np
import pytest

from fastw2v import distributed
from fastw2v.distributed import (
    merged_by_contraction,
    merged_by_directions,
    merged_by_mean,
    merged_by_mean_of_touched,
    merged_by_projection,
    merged_by_sum,
    merged_in_turn,
    principal_curvatures,
    summing_factor,
)

N_WORKERS, N_ROWS, DIM = 8, 5, 16
LR, CURVATURE, N_STEPS = 0.0126, 1.0, 10


def rarely_updated(base, replicas):
    return merged_by_contraction(base, replicas, np.zeros(len(base)))


def often_updated(base, replicas):
    return merged_by_contraction(base, replicas, np.full(len(base), 100.0))


def along_flat_directions(base, replicas):
    curvature = {"curvatures": np.zeros(DIM), "directions": turned()}
    return merged_by_directions(base, replicas, np.ones(len(base)), **curvature)


def along_steep_directions(base, replicas):
    curvature = {"curvatures": np.full(DIM, 100.0), "directions": turned()}
    return merged_by_directions(base, replicas, np.ones(len(base)), **curvature)


def in_turn_along_flat_directions(base, replicas):
    curvature = {"curvatures": np.zeros(DIM), "directions": turned()}
    return merged_in_turn(base, replicas, np.ones(len(base)), **curvature)


def in_turn_along_steep_directions(base, replicas):
    curvature = {"curvatures": np.full(DIM, 100.0), "directions": turned()}
    return merged_in_turn(base, replicas, np.ones(len(base)), **curvature)


FIXED = [merged_by_sum, merged_by_mean, merged_by_mean_of_touched, merged_by_projection]
FLAT, STEEP = (
    [rarely_updated, along_flat_directions, in_turn_along_flat_directions],
    [often_updated, along_steep_directions, in_turn_along_steep_directions],
)
RULES = [*FIXED, *FLAT, *STEEP]


def turned():
    """Orthogonal directions that are not the axes."""
    return np.linalg.qr(np.random.default_rng(3).normal(size=(DIM, DIM)))[0]


@pytest.fixture
def base():
    return np.random.default_rng(0).normal(size=(N_ROWS, DIM)).astype(np.float32)


def descended(rows, optimum, n_steps):
    """Gradient steps on a quadratic, by the exact recurrence."""
    for _ in range(n_steps):
        rows = rows - LR * CURVATURE * (rows - optimum)
    return rows


def moved(base, moves):
    """Replicas whose moves are float[n_workers, dim] for the last row, and 0 for the others."""
    replicas = np.repeat(base[None], len(moves), axis=0)
    replicas[:, -1] += moves
    return replicas


def orthogonal(n_workers):
    return 0.5 * np.eye(n_workers, DIM, dtype=np.float32)


@pytest.mark.parametrize("rule", RULES)
def test_one_worker_keeps_its_rows_and_the_arguments_stay(rule, base):
    replicas = moved(base, orthogonal(1))
    before = base.copy(), replicas.copy()
    merged = rule(base, replicas)
    assert merged.dtype == np.float32
    np.testing.assert_allclose(merged, replicas[0], rtol=0, atol=1e-6)
    assert not np.shares_memory(merged, base)
    assert not np.shares_memory(merged, replicas)
    np.testing.assert_array_equal(base, before[0])
    np.testing.assert_array_equal(replicas, before[1])


@pytest.mark.parametrize("rule", RULES)
def test_rows_that_no_worker_moved_stay_to_the_byte(rule, base):
    replicas = moved(base, orthogonal(N_WORKERS))
    np.testing.assert_array_equal(rule(base, replicas)[:-1], base[:-1])


@pytest.mark.parametrize("rule", [merged_by_sum, merged_by_projection, *FLAT])
def test_the_moves_of_a_rare_row_add_up(rule, base):
    moves = orthogonal(N_WORKERS)  # each worker saw another context of the word
    np.testing.assert_allclose(rule(base, moved(base, moves))[-1], base[-1] + moves.sum(axis=0), atol=1e-6)


@pytest.mark.parametrize("rule", [*FIXED[1:], *STEEP])
def test_equal_moves_of_a_frequent_row_count_once(rule, base):
    moves = np.ones((N_WORKERS, DIM), np.float32)
    np.testing.assert_allclose(rule(base, moved(base, moves))[-1], base[-1] + 1, atol=1e-5)


@pytest.mark.parametrize(
    ("rule", "share"), [(merged_by_sum, 1), (merged_by_mean_of_touched, 1), (merged_by_mean, 1 / N_WORKERS)]
)
def test_the_plain_mean_divides_the_move_of_a_row_that_one_worker_saw(rule, share, base):
    moves = np.zeros((N_WORKERS, DIM), np.float32)
    moves[3] = 2.0
    np.testing.assert_allclose(rule(base, moved(base, moves))[-1], base[-1] + 2 * share, atol=1e-6)


def test_the_mean_of_touched_divides_by_the_workers_that_moved_a_row(base):
    moves = np.zeros((N_WORKERS, DIM), np.float32)
    moves[[1, 4]] = [[1.0], [4.0]]
    np.testing.assert_allclose(merged_by_mean_of_touched(base, moved(base, moves))[-1], base[-1] + 2.5, atol=1e-6)


def test_a_projection_adds_what_is_new_of_each_move(base):
    first, second = np.zeros((2, DIM), np.float32)
    first[0], second[:2] = 2.0, (1.0, 3.0)
    merged = merged_by_projection(base, moved(base, np.stack([first, second])))
    np.testing.assert_allclose(merged[-1, :2], base[-1, :2] + [2.0, 3.0], atol=1e-6)


@pytest.mark.parametrize("n_steps", [1, 10, 100, 1000])
@pytest.mark.parametrize("n_workers", [1, 2, 7, 8, 11, 32])
def test_on_a_quadratic_the_contraction_does_what_one_worker_would_do(n_workers, n_steps, base):
    base, optimum = base.astype(np.float64), np.full(DIM, 3.0)
    replicas = np.repeat(descended(base, optimum, n_steps)[None], n_workers, axis=0)
    exponents = np.full(N_ROWS, -n_steps * np.log1p(-LR * CURVATURE))
    expected = descended(base, optimum, n_workers * n_steps)
    np.testing.assert_allclose(merged_by_contraction(base, replicas, exponents), expected, rtol=1e-9)


def test_what_is_left_of_the_way_on_a_quadratic_with_the_exponent_as_estimated():
    base, optimum = np.ones((1, 1)), 0.0
    replicas = np.repeat(descended(base, optimum, N_STEPS)[None], N_WORKERS, axis=0)
    exponents = np.array([LR * CURVATURE * N_STEPS])
    left = {
        "one worker": descended(base, optimum, N_WORKERS * N_STEPS),
        "sum": merged_by_sum(base, replicas),
        "mean": merged_by_mean(base, replicas),
        "contraction": merged_by_contraction(base, replicas, exponents),
    }
    rounded = {name: round(rows.item(), 2) for name, rows in left.items()}
    assert rounded == {"one worker": 0.36, "sum": 0.05, "mean": 0.88, "contraction": 0.36}


def test_on_a_quadratic_of_random_gradients_the_contraction_is_right_on_average(base):
    rng, optimum, n_runs = np.random.default_rng(1), 1.0, 4000
    places = np.zeros((N_WORKERS, n_runs, 1))
    for _ in range(N_STEPS):
        places -= LR * CURVATURE * (places - optimum - rng.normal(size=places.shape))
    merged = merged_by_contraction(np.zeros((n_runs, 1)), places, np.full(n_runs, -N_STEPS * np.log1p(-LR)))
    expected = descended(np.zeros(1), optimum, N_WORKERS * N_STEPS)
    assert merged.mean() == pytest.approx(expected.item(), abs=4 * merged.std() / n_runs**0.5)


def test_the_factor_falls_from_a_sum_to_a_mean():
    factors = summing_factor(N_WORKERS, np.array([0.0, 1e-15, 1e-6, 0.1, 1.0, 10.0, 1e4, np.inf]))
    assert (np.diff(factors) <= 0).all()
    np.testing.assert_allclose(factors[[0, 1, 2, -1]], [N_WORKERS, N_WORKERS, N_WORKERS, 1], rtol=1e-5)
    rho = np.exp(-0.1)
    assert factors[3] == pytest.approx((1 - rho**N_WORKERS) / (1 - rho))


def test_wrong_shapes_and_exponents_are_refused(base):
    replicas = moved(base, orthogonal(2))
    for wrong in (replicas[0], replicas[:0], replicas[:, :2]):
        with pytest.raises(ValueError, match=r"base has shape \(5, 16\) and replicas .* expected \(n_workers"):
            merged_by_sum(base, wrong)
    with pytest.raises(
        ValueError, match=r"rates, curvatures and directions have shapes \(2,\), \(16,\) and \(16, 16\)"
    ):
        merged_by_directions(base, replicas, np.zeros(2), curvatures=np.zeros(DIM), directions=np.eye(DIM))
    with pytest.raises(ValueError, match=r"rates, curvatures and directions have shapes \(2,\)"):
        merged_in_turn(base, replicas, np.zeros(2), curvatures=np.zeros(DIM), directions=np.eye(DIM))
    with pytest.raises(ValueError, match=r"an exponent is -1.0; expected .* >= 0"):
        merged_in_turn(base, replicas, np.ones(N_ROWS), curvatures=np.full(DIM, -1.0), directions=np.eye(DIM))
    with pytest.raises(ValueError, match=r"exponents have shape \(2,\); expected one for each of 5 rows"):
        merged_by_contraction(base, replicas, np.zeros(2))
    for exponent in (-0.5, np.nan):
        with pytest.raises(ValueError, match=r"an exponent is (-0.5|nan); expected .* >= 0"):
            summing_factor(2, np.array([0.0, exponent]))
    with pytest.raises(ValueError, match="n_workers is 0; expected at least 1"):
        summing_factor(0, np.zeros(1))


@pytest.mark.parametrize("rule", [merged_by_directions, merged_in_turn])
def test_on_a_steep_and_flat_quadratic_the_directions_do_what_one_worker_would_do(rule):
    curvatures, directions = np.geomspace(1e-3, 10, DIM), turned()
    hessian = directions * curvatures @ directions.T
    base, optimum = np.random.default_rng(4).normal(size=(2, N_ROWS, DIM))

    def stepped(n_steps):
        rows = base
        for _ in range(n_steps):
            rows = rows - LR * (rows - optimum) @ hessian
        return rows

    replicas = np.repeat(stepped(N_STEPS)[None], N_WORKERS, axis=0)
    exact = -np.log1p(-LR * curvatures) / LR  # gradient steps of this size shrink as exp(-LR * exact)
    known = {"curvatures": exact, "directions": directions}
    merged = rule(base, replicas, np.full(N_ROWS, LR * N_STEPS), **known)
    np.testing.assert_allclose(merged, stepped(N_WORKERS * N_STEPS), rtol=1e-9)
    of_one_factor = [
        abs(merged_by_contraction(base, replicas, np.full(N_ROWS, exponent)) - merged).max()
        for exponent in np.geomspace(1e-4, 10, 50)
    ]
    assert min(of_one_factor) > 0.1


def test_in_turn_random_gradients_leave_what_one_worker_that_draws_them_all_would_have():
    """Each worker steps towards its own random targets; one worker steps towards all of them, in the same order."""
    rng = np.random.default_rng(8)
    curvatures, directions = np.geomspace(0.1, 30, DIM), turned()
    shrinks = 1 - LR * curvatures
    base = rng.normal(size=(N_ROWS, DIM))
    targets = rng.normal(size=(N_WORKERS, N_STEPS, N_ROWS, DIM))

    def stepped(rows, own):
        """Steps towards targets; rows and targets are along the directions."""
        for target in own:
            rows = target + (rows - target) * shrinks
        return rows

    replicas = np.stack([stepped(base @ directions, own) for own in targets]) @ directions.T
    one = stepped(base @ directions, targets.reshape(-1, N_ROWS, DIM)) @ directions.T
    known = {"curvatures": -np.log(shrinks) / LR, "directions": directions}
    rates = np.full(N_ROWS, LR * N_STEPS)
    np.testing.assert_allclose(merged_in_turn(base, replicas, rates, **known), one, atol=1e-9)
    assert abs(merged_by_directions(base, replicas, rates, **known) - one).max() > 0.1


def test_principal_curvatures_are_the_second_derivatives_of_the_loss():
    rng, step = np.random.default_rng(5), 1e-3
    rows, shares = rng.normal(size=(30, 4)), rng.random(30)

    def loss(x):
        return (shares * np.log1p(np.exp(-rows @ x))).sum()

    curvatures, directions = principal_curvatures(rows, shares)
    for curvature, direction in zip(curvatures, directions.T):
        found = (loss(step * direction) - 2 * loss(0 * direction) + loss(-step * direction)) / step**2
        assert found == pytest.approx(curvature, rel=1e-4)
    np.testing.assert_allclose(principal_curvatures(rows, shares, 0.1)[0], 0.4 * curvatures)


def test_principal_curvatures_of_means_are_those_of_the_mean_vectors():
    rng, n_contexts = np.random.default_rng(6), 3
    rows, shares = rng.normal(1, 1, size=(8, 4)), rng.random(8)
    means = rows[rng.choice(8, size=(200_000, n_contexts), p=shares / shares.sum())].mean(axis=1)
    expected, _ = principal_curvatures(means, np.full(len(means), shares.sum() / len(means)))
    np.testing.assert_allclose(principal_curvatures(rows, shares, mean_of=n_contexts)[0], expected, rtol=0.02)


def test_rows_that_no_update_has_are_flat():
    curvatures, _ = principal_curvatures(np.ones((3, 2)), np.zeros(3), mean_of=2)
    assert curvatures.tolist() == [0, 0]


def test_all_rules_are_public():
    others = {merged_by_contraction, merged_by_directions, merged_in_turn, principal_curvatures, summing_factor}
    rules = {name for name in distributed.__all__ if name.startswith(("merged", "principal", "summing"))}
    assert {rule.__name__ for rule in {*FIXED, *others}} == rules
