"""Single sign-on by OpenID Connect: asks a provider who somebody is, and decides what they may here."""
