"""What a case must hold, in small; ``benchmarks/case.py`` does the same at full size."""

from benchmarks.case import flip_case, flips, flips_without_seal, kills, rates


def test_kills_at_random_moments_lose_nothing_acknowledged(tmp_path):
    found = kills(tmp_path / "case", 40, seed=3)
    assert (found.lost, found.problems) == (0, ())
    assert found.acknowledged > 0


def test_every_flipped_bit_is_found(tmp_path):
    case = flip_case(tmp_path, records=1000, evidence_bytes=200_000)
    size, missed = flips(case, 1500, seed=4, whole_every=50)
    assert size > 500_000
    assert missed == []
    assert flips_without_seal(case, 30, seed=5) > 0


def test_many_records_are_appended_and_verified(tmp_path, store_url):
    _, _, held = rates(tmp_path / "case", 3000, store=store_url)
    assert held == 3001
