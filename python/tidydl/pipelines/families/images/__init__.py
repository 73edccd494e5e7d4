"""Image tasks: objects, segments, depths, keypoints, super-resolution."""
