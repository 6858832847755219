"""Who can act, for whom, and from where: people, legal persons, mandates, sign-ins that last."""
