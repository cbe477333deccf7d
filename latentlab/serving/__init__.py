"""A model of the user's own, served: its functions stay where they are, and whoever has the token may call them."""
