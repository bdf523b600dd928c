"""What a person decides: waivers, decisions about models, the sign-off, publication. EDGE."""
