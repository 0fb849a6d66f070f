"""Line charts as SVG: both axes logarithmic (growth, `make bench`), or linear with shares on the y axis (`make scoreboard`)."""
import math
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 70, 50, 40, 20
COLOURS = ("#1b6ca8", "#c0392b", "#27864a", "#8e44ad", "#d68910")


def decades(values):
    low = math.floor(math.log10(min(values)))
    return low, max(low + 1, math.ceil(math.log10(max(values))))


def svg(title, axis, series):
    """`series`: label -> [(x, y)], every number above zero (zeros are drawn at the left or lower edge)."""
    xs = [max(x, 1) for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points if y > 0]
    (x0, x1), (y0, y1) = decades(xs), decades(ys)

    def at(x, y):
        px = LEFT + (math.log10(max(x, 1)) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        py = HEIGHT - BOTTOM - (math.log10(max(y, 10.0 ** y0)) - y0) / (y1 - y0) * (HEIGHT - BOTTOM - TOP)
        return px, py

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{WIDTH / 2}" y="20" text-anchor="middle" font-size="14">{escape(title)}</text>',
           f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(axis)}</text>']
    for exponent in range(x0, x1 + 1):
        px, _ = at(10.0 ** exponent, 10.0 ** y0)
        out.append(f'<line x1="{px:.1f}" y1="{TOP}" x2="{px:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        out.append(f'<text x="{px:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{10 ** exponent}</text>')
    for exponent in range(y0, y1 + 1):
        _, py = at(10.0 ** x0, 10.0 ** exponent)
        out.append(f'<line x1="{LEFT}" y1="{py:.1f}" x2="{WIDTH - RIGHT}" y2="{py:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{10.0 ** exponent:g}</text>')
    for number, (label, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (at(x, y) for x, y in points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in points:
            px, py = at(x, y)
            out.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + 10}" y="{TOP + 16 * (number + 1)}" fill="{colour}">{escape(label)}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def shares(title, axis, series):
    """`series`: label -> [(x, low, y, high)], y from 0 to 1 with its interval; linear axes."""
    xs = [point[0] for points in series.values() for point in points]
    x0, x1 = min(xs), max(xs)

    def at(x, y):
        return (LEFT + (x - x0) / max(1e-9, x1 - x0) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - y * (HEIGHT - BOTTOM - TOP))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{WIDTH / 2}" y="20" text-anchor="middle" font-size="14">{escape(title)}</text>',
           f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(axis)}</text>']
    for x in sorted(set(xs)):
        px, _ = at(x, 0)
        out.append(f'<text x="{px:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{x:g}</text>')
    for tenth in range(0, 11, 2):
        _, py = at(x0, tenth / 10)
        out.append(f'<line x1="{LEFT}" y1="{py:.1f}" x2="{WIDTH - RIGHT}" y2="{py:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{tenth / 10:g}</text>')
    for number, (label, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (at(x, y) for x, _, y, _ in points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, low, y, high in points:
            (px, py), (_, top), (_, bottom) = at(x, y), at(x, high), at(x, low)
            out.append(f'<line x1="{px:.1f}" y1="{top:.1f}" x2="{px:.1f}" y2="{bottom:.1f}" stroke="{colour}"/>')
            out.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + 10}" y="{HEIGHT - BOTTOM - 12 - 16 * number}" fill="{colour}">{escape(label)}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"
