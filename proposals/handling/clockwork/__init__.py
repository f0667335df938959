"""How time limits are counted: pure functions over dates, without database and without a clock."""
