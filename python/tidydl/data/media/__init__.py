"""Images, audio and videos: single values, columns of them, and their files."""
