"""Components in plain JavaScript, each with its sources in a folder of its own."""
