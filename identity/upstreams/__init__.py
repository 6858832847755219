"""Other OpenID providers that vouch for people here: the national platform, a bank, a ministry."""
