"""The search for rates of return behind `quant.cashflows` and `quant.performance`."""
