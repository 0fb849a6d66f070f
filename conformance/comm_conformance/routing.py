"""Distances, network size and regions (70-routing), in integers."""
from .base import param

SPACE = 1 << 160


def number(point):
    return int.from_bytes(point, "big")


def distance(a, b):
    return number(a) ^ number(b)


def size_sample(distances):
    """One sample of N_hat from the distances of the nodes a lookup found, nearest first."""
    if len(distances) < 8:
        return len(distances) + 1
    spread = sorted(distances)[7] >> 64
    return min(23 * 2**96 // (3 * (spread + 1)) + 1, 2**48)


def n_hat(samples, table_size):
    """The estimate from up to 15 newest samples (last is newest)."""
    kept = sorted(samples[-param("size_samples"):])
    if not kept:
        return table_size + 1
    median = kept[(len(kept) - 1) // 2]
    return max(median, table_size + 1) if median <= 8 else median


def region_radius(estimate):
    return param("region_factor") * param("bucket_size") * SPACE // estimate


def in_region(node, point, estimate, nearest):
    """Whether `node` is a member, `nearest` being the k nearest nodes found."""
    if estimate <= param("everyone_custodian_up_to"):
        return True
    return distance(node, point) <= region_radius(estimate) or node in nearest
