"""The rate at which a device multiplies large matrices in bfloat16."""

import json
import time

from electra_tf import command_line

CHAIN = 8  # Products in one call.
REPEATS = 5


def main():
    """Print the device, and its operations a second, as JSON."""
    parser = command_line.parser("benchmarks.gpu.matmul", __doc__)
    parser.add_argument("size", type=int, help="rows of the matrices")
    size = parser.parse_args().size
    import jax
    from jax import numpy as jnp

    matrix = jax.random.normal(jax.random.key(0), (size, size))
    matrix = (matrix / size**0.5).astype(jnp.bfloat16)  # Keeps norms finite.

    @jax.jit
    def chain(product):
        for _ in range(CHAIN):
            product = product @ matrix
        return product

    seconds = []
    for _ in range(1 + REPEATS):  # The first one compiles.
        started = time.perf_counter()
        jax.block_until_ready(chain(matrix))
        seconds.append(time.perf_counter() - started)
    rate = CHAIN * 2 * size**3 / min(seconds[1:])
    print(json.dumps({"device": jax.devices()[0].device_kind, "rate": rate}))


if __name__ == "__main__":
    main()
