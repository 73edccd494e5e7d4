"""Tasks that hear and speak: speech recognition, and sounds from texts."""
