"""Text tasks without generation: labels, entities, answers, masked words."""
