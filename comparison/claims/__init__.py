"""The article's claims C1 to C8: experiments, rules, figures."""
