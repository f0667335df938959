"""Pages of proposals, by what people do on them."""
