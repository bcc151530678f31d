"""What ecological assets are worth and how much may be lent against them."""
