"""The history as its readers ask for it: listed, compared, searched, verified, exported."""
