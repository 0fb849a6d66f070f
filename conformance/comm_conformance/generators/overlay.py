"""Network size and regions (70-routing)."""
from ..gentools import Area


def areas():
    area = Area("routing/size")
    for slug, distances in (("none", []), ("seven", list(range(1, 8))), ("eight-near", list(range(1, 9))),
                            ("eight-far", [2**159 + i for i in range(8)]), ("nine", [2**150 * i for i in range(1, 10)]),
                            ("spread", [2**130 * i for i in range(1, 20)])):
        area.accept(f"sample-{slug}", "RTE-020", "size-sample", distances=["%x" % d for d in distances])
    for slug, samples, table in (("no-samples", [], 4), ("one", [40], 4), ("even", [10, 30, 20, 40], 4),
                                 ("small-median", [3, 3, 3], 9), ("small-median-small-table", [7], 2),
                                 ("median-8", [8], 30), ("median-9", [9], 30),
                                 ("sixteen-newest-count", [1000] + [20] * 7 + [30] * 8, 4)):
        area.accept(f"n-hat-{slug}", "RTE-020", "n-hat", samples=samples, table=table)
    for estimate in (65, 100, 1000, 2**48):
        area.accept(f"radius-{estimate}", "RTE-022", "region-radius", n_hat=estimate)
    yield area
