"""The page Lessons: guided ways through the app."""
