from mousegpt.description.idiom import add_mirrors, combine, say, say_state, swap_sides


def test_mirror_image_of_a_mirror_image_is_the_text():
    text = "the left forepaw is at the face while the right one is in the air"
    assert swap_sides(swap_sides(text)) == text


def test_mirrors_swap_states_values_words_and_conditions():
    idiom = say({"tail_shape": "curved left"}, "x", "to the left", {"forepaw_left": ("air",)})
    mirror = add_mirrors([idiom])[1]
    assert mirror == say(
        {"tail_shape": "curved right"}, "x", "to the right", {"forepaw_right": ("air",)}
    )


def test_idioms_without_a_side_are_not_doubled():
    assert len(add_mirrors([say({"pace": "slow"}, "x", "slow")])) == 1


def test_combine_says_what_its_parts_say():
    parts = (say_state("x", "pace", {"slow": "a | b"}), say_state("x", "direction", {"none": "c"}))
    assert combine("{}-{}", *parts) == [
        say({"pace": "slow", "direction": "none"}, "x", "a-c | b-c")
    ]
