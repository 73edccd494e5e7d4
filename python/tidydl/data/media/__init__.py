"""Images, sounds and videos: single values, columns of them, and their files."""
