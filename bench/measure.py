"""What the measurements share: a line that sets a measured value against its limit."""


def against(name, measured, limit, unit):
    """Print a measured value, its limit and their ratio; return whether the limit is kept."""
    ratio = measured / limit
    mark = "✓" if ratio <= 1 else "✗"
    print(f"{name:<28} {measured:8.2f} {unit:<2}  limit {limit:7.2f} {unit:<2}  ratio {ratio:.2f} {mark}")
    return ratio <= 1
