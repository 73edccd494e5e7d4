# The chunks of courses on networks fitted by a learner, whose `$model` is R's own nnet object or ours.

test_that("summary(), value and plotnet() answer for the model inside a learner, R's own or ours", {
  data <- example_data("bigfive")[-1]
  data$education <- factor(data$education)
  fit <- function(f) {
    set.seed(1)
    list2env(list(model = f(education ~ ., data, size = 1, trace = FALSE))) # as learners are
  }
  theirs <- fit(utils::getFromNamespace("nnet.formula", "nnet")) # whatever methods are in sight
  ours <- fit(nnet)
  expect_identical(class(theirs$model), c("nnet.formula", "nnet"))
  expect_identical(ours$model$value, theirs$model$value)
  expect_identical(utils::capture.output(summary(ours$model)), utils::capture.output(summary(theirs$model)))
  expect_output(print(summary(theirs$model)), "a 7-1-5 network with 18 weights")
  skip_without_python()
  expect_s3_class(plotnet(theirs$model), "ggplot")
  expect_equal(plotnet(ours$model)$data, plotnet(theirs$model)$data)
})
