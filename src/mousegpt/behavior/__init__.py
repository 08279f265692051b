"""From words to behaviours: embedding, info-cards, clusters, postures, novelty, search."""
