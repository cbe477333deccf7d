"""Results drawn: plotly figures and PNG sheets. Nothing here computes."""
