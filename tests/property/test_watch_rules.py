"""Rules of the watch: what they tell of, whatever the numbers; what is no rule; ids of alerts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overflight.errors import InvalidInput
from overflight.serve.watch.rules import ANY, Facts, Rule, alert_id, fires, rule_of, without_secrets

REGIONS = ("CAN", "DEU", "crimea", "high seas")
rules = st.builds(
    Rule, name=st.just("n"), regions=st.lists(st.sampled_from((*REGIONS, ANY)), min_size=1, max_size=3).map(tuple),
    probability=st.floats(0.01, 1.0), min_altitude_m=st.none() | st.floats(0, 40_000), only_unmatched=st.booleans(),
)  # fmt: skip
facts = st.builds(
    Facts, altitude_m=st.none() | st.floats(0, 40_000), match=st.sampled_from(("matched", "unmatched", "pending"))
)


@given(rules, facts, st.sampled_from(REGIONS), st.floats(0.0, 1.0))
def test_a_rule_fires_if_and_only_if_all_that_it_asks_is_so(rule, seen, region, probability):
    asked = [
        probability >= rule.probability,
        region in rule.regions or (ANY in rule.regions and region != "high seas"),
        not rule.only_unmatched or seen.match == "unmatched",
        rule.min_altitude_m is None or (seen.altitude_m is not None and seen.altitude_m >= rule.min_altitude_m),
    ]
    assert fires(rule, seen, region, probability) == all(asked)


@given(rules, facts, st.sampled_from(REGIONS), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_what_is_likelier_fires_too_and_a_stricter_rule_never_fires_more(rule, seen, region, one, other):
    low, high = sorted((one, other))
    if fires(rule, seen, region, low):
        assert fires(rule, seen, region, high)
    strict = Rule(**{f: getattr(rule, f) for f in Rule.__struct_fields__} | {"only_unmatched": True})
    if fires(strict, seen, region, high):
        assert fires(rule, seen, region, high)


@given(rules)
def test_a_rule_comes_back_from_its_json_with_the_same_id(rule):
    told = rule.to_json()
    again = rule_of(json.dumps({k: v for k, v in told.items() if k != "rule"}), {*REGIONS})
    assert again == rule
    assert again.id == told["rule"]


@given(
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.integers(1, 9)), unique=True)
)
def test_ids_of_alerts_differ_where_anything_differs(keys):
    assert len({alert_id(*key) for key in keys}) == len(keys)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_what_is_no_rule_is_refused_and_nothing_else_is_raised(data):
    with pytest.raises(InvalidInput):
        rule_of(data)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": " "}, "name: got ' ', expected 1 to 120 characters"),
        ({"regions": []}, "regions: got 0, expected 1 to 500, or *"),
        ({"regions": ["XXX"]}, "regions: got 'XXX', expected ids of regions, as CAN; /api/regions lists them"),
        ({"probability": 0}, "probability: got 0, expected above 0, at most 1"),
        ({"min_altitude_m": 1e6}, "min_altitude_m: got 1000000.0, expected -430 to 60000, or null"),
        ({"quiet_h": 0}, "quiet_h: got 0, expected a minute (0.0167) to a year (8760)"),
        ({"push": ["ftp://x/y"]}, "push: got ftp://x/..., expected cap, or an address of http, https"),
        ({"push": ["smtp://x"]}, "push: got smtp://x, expected smtp://host:port/?to="),
        ({"push": ["mqtt://x"]}, "push: got mqtt://x, expected mqtt://host:port/topic"),
        ({"push": ["http://[x"]}, "push: got an address, expected cap"),
        ({"more": 1}, "rule: got Object contains unknown field `more`, expected JSON with name, regions"),
    ],
)
def test_what_is_wrong_in_a_rule_is_said_in_one_line(change, says):
    with pytest.raises(InvalidInput) as bad:
        rule_of(json.dumps({"name": "n", "regions": ["CAN"]} | change), {"CAN"})
    assert str(bad.value).startswith(says)


def test_addresses_are_shown_without_what_may_be_secret():
    assert without_secrets("smtp://me:secret@mail.example.org:587/?to=a@b.c") == "smtp://mail.example.org:587/..."
    assert without_secrets("https://hooks.example.org/T0KEN?x=1") == "https://hooks.example.org/..."
    assert without_secrets("cap") == "cap"
