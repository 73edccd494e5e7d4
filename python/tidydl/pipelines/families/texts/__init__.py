"""Tasks that read texts and choose: labels, entities, answers, words."""
