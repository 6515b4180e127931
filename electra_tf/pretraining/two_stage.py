"""Generator first, then a discriminator that starts from its weights.

ELECTRA, section 3.2 ("two-stage"): train the generator alone by its
likelihood; give the discriminator its weights; train that, the generator
being frozen. The frozen generator has no dropout. Each network's part of the
updates is a function of its own, so that what is not trained keeps its
weights and Adam slots as they are; the discriminator's slots begin at zero.
Each has a learning-rate schedule of its own.
"""

from keras import ops

from electra_tf.loss_terms import LossTerm
from electra_tf.pretraining import metrics, objectives


def generator_losses(pretrainer, batch, random) -> dict[str, LossTerm]:
    """The likelihood of a generator that runs alone."""
    output = pretrainer.generate(batch, random, training=True)
    return objectives.likelihood(pretrainer.config, output)


def discriminator_losses(pretrainer, batch, random) -> dict[str, LossTerm]:
    """The detection of a frozen generator's samples."""
    output = pretrainer(batch, random, training=True, frozen_generator=True)
    terms = objectives.losses(pretrainer.config, output)
    # Reported, and not trained on.
    frozen = terms["mlm_loss"]._replace(weight=None)
    return terms | {"mlm_loss": frozen} | metrics.training_terms(output)


def start_discriminator(pretrainer) -> None:
    """Give the main encoder the generator's weights."""
    generator = pretrainer.generator.encoder
    main = pretrainer.main
    for variable in main.weights:
        path = generator.name + variable.path.removeprefix(main.name)
        variable.assign(pretrainer.variables[path].numpy())


def restarted(first, second, step_of_second: int):
    """Return a schedule that another follows, from its own step 0.

    >>> both = restarted(lambda step: step + 1.0, lambda step: step * 10.0, 3)
    >>> [float(both(step)) for step in (0, 2, 3, 4)]
    [1.0, 3.0, 0.0, 10.0]
    """

    def schedule(step):
        step = ops.cast(step, "float32")
        begun = step >= step_of_second
        return ops.where(begun, second(step - step_of_second), first(step))

    return schedule
