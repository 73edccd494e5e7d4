"""Tasks that see images: objects, segments, depths, points, larger images."""
