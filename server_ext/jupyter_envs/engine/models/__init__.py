"""The engine's values: records, plans, generations, events, platform layouts. No effects, no imports but errors."""
