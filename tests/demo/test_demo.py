import json

from demo import __main__ as program
from demo import plan


def test_a_demo_that_goes_on_keeps_its_number_of_updates(tmp_path):
    config = program.DemoConfig(output_dir=str(tmp_path), minutes=20)
    demo = program.Demo(config)
    demo.seconds = {"text": 60.0, plan.RANDOM: 120.0}
    steps = demo._num_train_steps()
    assert steps > plan.FEWEST_UPDATES
    folder = tmp_path / "models" / program.MODEL_NAME
    folder.mkdir(parents=True)
    saved = json.dumps({"num_train_steps": steps})
    (folder / "config.json").write_text(saved)
    # The second start is slower, and still does what the first one began.
    demo.seconds[plan.RANDOM] = 200.0
    assert demo._num_train_steps() == steps


def test_seconds_of_earlier_starts_count(tmp_path):
    (tmp_path / "seconds.json").write_text(json.dumps({"text": 500.0}))
    config = program.DemoConfig(output_dir=str(tmp_path), minutes=9)
    demo = program.Demo(config)
    assert "in 0:40, at" in demo._when()
    demo.seconds["records"] = 60.0
    assert demo._when() == ""
