"""The words of marking, and how levels and criteria are written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.rubric import (
    ALL_CRITERIA,
    CRITERIA,
    LEVELS,
    Criterion,
    MarkException,
    Role,
    Stage,
    from_mask,
    group_label,
    levels_from_text,
    levels_to_text,
    round_label,
    to_mask,
)

some_levels = st.dictionaries(st.sampled_from(CRITERIA), st.sampled_from(LEVELS))


def test_levels_are_six_characters_in_the_order_of_the_criteria() -> None:
    whole = dict(zip(CRITERIA, (3, 2, 1, 0, 1, 2), strict=True))
    assert levels_to_text(whole) == "321012"
    assert levels_from_text("321012") == whole
    assert levels_from_text("-2----") == {Criterion.PITCH: 2}


@given(some_levels)
def test_levels_are_read_as_they_were_written(levels: dict[Criterion, int]) -> None:
    assert levels_from_text(levels_to_text(levels)) == levels


@given(st.sets(st.sampled_from(CRITERIA)))
def test_a_set_of_criteria_is_one_number(criteria: set[Criterion]) -> None:
    assert set(from_mask(to_mask(criteria))) == criteria


def test_criteria_come_back_in_order() -> None:
    assert from_mask(to_mask(reversed(CRITERIA))) == CRITERIA
    assert to_mask(ALL_CRITERIA) == 63 and to_mask([]) == 0


def test_everything_has_the_name_that_people_know() -> None:
    assert [c.label for c in CRITERIA] == ["综合", "音准", "表现力", "歌词表达", "节奏", "流畅性"]
    assert [e.label for e in MarkException] == ["无图像", "答案图像不全", "题文不符"]
    assert [r.label for r in Role] == ["阅卷教师", "学科组长", "学科负责人", "计算机技术人员"]
    assert group_label(Stage.MIDDLE, "选唱") == "中学音乐-选唱"
    assert group_label(Stage.PRIMARY, "国歌") == "小学音乐-国歌"
    assert round_label(3) == "3评"


@pytest.mark.parametrize("text", ["", "32101", "3210123", "42101a", "321014", "32101 ", "3210１2"])
def test_what_is_not_six_levels_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not six levels"):
        levels_from_text(text)
