"""Templates: levels are read off the paths, and every name means one field."""

import pytest
from making import CARTONS

from bulkorders.core.field import Field
from bulkorders.core.kinds import Text
from bulkorders.core.label import fold
from bulkorders.core.template import Level, Template
from bulkorders.providers.lingxing.fields import MCF_ORDERS


def paths(level: Level) -> list[str]:
    """The paths of a level and all within."""
    return [level.path, *(path for child in level.children for path in paths(child))]


def test_levels_are_read_off_the_paths() -> None:
    """`[]` says where rows fan out: the order, its cartons, their goods."""
    assert paths(CARTONS.root) == ["", "Boxes[]", "Boxes[].Goods[]"]
    assert paths(MCF_ORDERS.root) == ["", "item_list[]"]
    boxes = CARTONS.root.children[0]
    assert [field.name for field in boxes.fields] == ["carton", "weight", "length"]
    assert [key.name for key in boxes.keys] == ["carton"]
    assert (boxes.api_name, boxes.children[0].api_name) == ("Boxes", "Goods")


def test_a_level_without_fields_of_its_own_is_a_level_all_the_same() -> None:
    """A path may fan out twice at once."""
    deep = Template("deep", "深", "订单", "id", (Field("id", "编号", Text(), "Id", key=True), Field("x", "内容", Text(), "A[].B[].X")))
    assert paths(deep.root) == ["", "A[]", "A[].B[]"]


@pytest.mark.parametrize("template", [MCF_ORDERS, CARTONS], ids=lambda template: template.name)
def test_label_alias_and_whole_path_of_every_field_mean_that_field(template: Template) -> None:
    """Nothing a merchant may write above a column means two fields."""
    for field in template.fields:
        for text in (field.label, *field.aliases, field.path, field.api_labels[-1]):
            assert template.headings[fold(text)] is field


def test_an_api_name_of_two_levels_means_no_field_by_itself() -> None:
    """`Weight` is a carton's and a SKU's: only `Boxes.Weight` and `Goods.Weight` tell them apart."""
    assert fold("Boxes[].Weight") != fold("Weight")
    assert CARTONS.headings[fold("Boxes.Weight")] is CARTONS["weight"]
    assert CARTONS.headings[fold("Goods.Weight")] is CARTONS["net"]
    assert CARTONS.headings[fold("Boxes.Goods.Weight")] is CARTONS["net"]


def test_a_label_of_two_fields_is_a_mistake_in_the_template() -> None:
    """It is found at once, not when the second column stays empty."""
    twice = Template("twice", "重", "订单", "id", (Field("id", "编号", Text(), "Id", key=True), Field("x", "编 号*", Text(), "X")))
    with pytest.raises(ValueError, match="two fields"):
        _ = twice.headings
