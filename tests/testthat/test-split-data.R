test_that("the rows of split_data() are those of sample.int() after the seed, in order", {
  set.seed(3)
  train <- sort(sample.int(nrow(iris), 113))
  parts <- split_data(iris, seed = 3)
  expect_identical(parts$train, iris[train, ])
  expect_identical(parts$test, iris[-train, ])
  expect_identical(names(parts), c("train", "test"))
})

test_that("rows and shares are those of the shared cases", {
  references <- shared_references("splits.json")
  for (case in shared_cases("splits.json")) {
    parts <- call_named("split_data", case$arguments, NULL)
    reference <- references[[case$name]]
    expect_identical(parts$train$person, as.integer(vector_of(reference$train)), label = case$name)
    expect_identical(parts$test$person, as.integer(vector_of(reference$test)), label = case$name)
  }
})

test_that("a column, bare or quoted, is split in these proportions within each value", {
  bare <- split_data(iris, prop = 0.8, strata = Species, seed = 1)
  expect_identical(bare, split_data(iris, prop = 0.8, strata = "Species", seed = 1))
  expect_identical(as.integer(table(bare$train$Species)), rep(40L, 3))
})

test_that("with a seed the session's random numbers are left as they were, of whatever kind", {
  set.seed(1)
  expected <- runif(2)
  set.seed(1)
  split_data(iris, seed = 9)
  expect_identical(runif(2), expected)
  withr::defer(RNGkind("default", "default", "default"))
  RNGkind("Wichmann-Hill")
  set.seed(1)
  before <- .Random.seed
  parts <- split_data(iris, seed = 9)
  expect_identical(.Random.seed, before)
  RNGkind("default")
  expect_identical(parts, split_data(iris, seed = 9))
})

test_that("without a seed the draw takes the session's next random numbers", {
  set.seed(5)
  one <- split_data(iris)
  other <- split_data(iris)
  expect_false(identical(one, other))
  set.seed(5)
  expect_identical(split_data(iris), one)
})

test_that("the class of the data is kept, and the pair prints as a table", {
  parts <- split_data(tibble::as_tibble(mtcars), seed = 1)
  expect_s3_class(parts$test, "tbl_df")
  expect_output(print(parts), "train +24")
  few <- split_data(data.frame(x = 1:2), prop = 0.99, seed = 1)
  expect_identical(vapply(few, nrow, 1L), c(train = 1L, test = 1L))
})
