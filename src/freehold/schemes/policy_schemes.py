"""The level or the score of a scheme as an amount that a policy limits. Owns what is told of a factor that holds it down."""
