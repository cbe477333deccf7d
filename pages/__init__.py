"""The app: a folder for each page, `shared` for what several use, `components` in plain JavaScript."""
