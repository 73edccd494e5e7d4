"""Networks of one hidden layer, fitted as R's nnet fits them."""
