"""Where the remains lie, and how to search for them."""
