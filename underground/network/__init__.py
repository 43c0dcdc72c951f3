"""Networks derived from surveys and models: nodes, links, valves; traces, segments, isolation."""
