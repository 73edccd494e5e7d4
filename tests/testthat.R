library(testthat)
library(tidydl)

test_check("tidydl")
