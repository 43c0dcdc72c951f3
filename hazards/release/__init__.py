"""How much gets out: holes in vessels, pools that evaporate."""
