"""A curve of probes for download: a table as CSV, and a self-contained page of HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping

from latentlab.analysis.probes.layer_curve import Curve
from latentlab.export.csv_text import csv_text

Row = Mapping[str, str | int | float | None]

WIDTH, HEIGHT, LEFT, BELOW = 860, 360, 60, 110  # of the drawing, in pixels


def probe_rows(curve: Curve) -> list[Row]:
    """One row a layer: what it is, which features were used, and the results of its probes; means over the seeds."""
    rows: list[Row] = []
    bands = curve.half_bands()
    for reading, half in zip(curve.readings, bands, strict=True):
        first = reading.probes[0]
        rows.append(
            {
                "layer": reading.layer.name,
                "kind": reading.layer.kind,
                "shape": "×".join(map(str, reading.layer.shape)),
                "kept": first.kept,
                "of": first.total,
                "by": reading.how,
                "test error": float(reading.values("error").mean()),
                "±": float(half),
                "train error": float(reading.values("error", "train").mean()),
                "cross-entropy": float(reading.values("cross-entropy").mean()),
                "not in top 3": float(reading.values("top 3").mean()),
                "chance": first.baseline,
                "control": first.control,
                "selectivity": first.selectivity,
                "memorised": first.memorised,
                "penalty": first.l2,
                "warnings": " ".join(first.warnings),
            }
        )
    return rows


def probe_csv(curve: Curve) -> str:
    """The rows as CSV."""
    rows = probe_rows(curve)
    return csv_text([list(rows[0]), *(["" if cell is None else str(cell) for cell in row.values()] for row in rows)])


def probe_report(title: str, settings: Mapping[str, object], curve: Curve, before: Curve | None) -> str:
    """One page of HTML: the settings and seeds, the curve drawn, the table; it fetches nothing.

    Args:
        title: of the page.
        settings: what was chosen, by name.
        curve: of the model.
        before: of the untrained one, drawn behind it.
    """
    rows = probe_rows(curve)
    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_text(value))}</td>" for value in row.values()) + "</tr>" for row in rows
    )
    chosen = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>" for name, value in settings.items()
    )
    kinks = "".join(
        f"<li>{html.escape(curve.readings[k].layer.name)}: {html.escape(why)}</li>" for k, why in curve.kinks().items()
    )
    style = (
        "body{font:15px/1.5 sans-serif;max-width:1200px;margin:2em auto;padding:0 1em;color:#1f2430}"
        "table{border-collapse:collapse;font-size:13px}td,th{border:1px solid #e6e8ee;padding:3px 7px;text-align:left}"
    )
    return (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}</style><h1>{html.escape(title)}</h1><table>{chosen}</table>"
        f"<h2>Test error against depth</h2>{_drawing(curve, before)}"
        f"<p>Solid: the model; dashed: before training; bars: 95 % over seeds and test examples.</p>"
        f"<h2>Layers with a higher error than the one before</h2><ul>{kinks or '<li>none</li>'}</ul>"
        f"<h2>All numbers</h2><table><tr>{head}</tr>{body}</table></html>"
    )


def _drawing(curve: Curve, before: Curve | None) -> str:
    means, bands, n = curve.means(), curve.half_bands(), len(curve.readings)
    top = max(1e-9, float((means + bands).max()), float(before.means().max()) if before is not None else 0.0)

    def x(k: int) -> float:
        return LEFT + (WIDTH - LEFT - 20) * (k + 0.5) / n

    def y(value: float) -> float:
        return 10 + (HEIGHT - 20) * (1 - value / top)

    def path(values: list[float], dash: str) -> str:
        points = " ".join(f"{x(k):.1f},{y(value):.1f}" for k, value in enumerate(values))
        return f'<polyline points="{points}" fill="none" stroke="#4c51bf" stroke-width="2" stroke-dasharray="{dash}"/>'

    parts = [path(means.tolist(), "")]
    if before is not None:
        parts.append(path(before.means().tolist(), "6 4"))
    for k, reading in enumerate(curve.readings):
        low, high = y(max(0.0, means[k] - bands[k])), y(means[k] + bands[k])
        name = html.escape(reading.layer.name)
        parts.append(f'<line x1="{x(k):.1f}" x2="{x(k):.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="#4c51bf"/>')
        at = f"{x(k):.1f} {HEIGHT + 6}"
        if n <= 40 or k % (n // 16) == 0:
            parts.append(f'<text transform="translate({at}) rotate(35)" font-size="12">{name}</text>')
    for tick in range(5):
        value = top * tick / 4
        parts.append(f'<text x="4" y="{y(value) + 4:.1f}" font-size="12">{value:.1%}</text>')
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#e6e8ee"/>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT + BELOW}" width="100%" role="img">{"".join(parts)}</svg>'


def _text(value: str | int | float | None) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
