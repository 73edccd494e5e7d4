test_that("examples() lists data and models", {
  skip_without_python()
  listed <- examples()
  expect_identical(names(listed), c("name", "kind", "rows", "description", "source", "licence"))
  expect_identical(as.character(unique(listed$kind)), c("data", "model"))
  data <- listed[listed$kind == "data", ]
  expect_identical(data$rows, vapply(data$name, function(name) nrow(example_data(name)), 0L, USE.NAMES = FALSE))
})

test_that("digits are images with labels, train and test apart", {
  skip_without_python()
  digits <- example_data("digits")
  expect_identical(as.integer(table(digits$split)), c(1347L, 450L))
  expect_identical(levels(digits$label), as.character(0:9))
  expect_identical(unique(format(digits$image)), "<img 8\u00d78 L>")
  expect_identical(nrow(example_data("digits", split = "test")), 450L)
})

test_that("images survive what people do to rows", {
  skip_without_python()
  skip_if_not_installed("dplyr")
  digits <- example_data("digits", split = "test[:6]")
  expect_identical(format(dplyr::filter(digits, label == "1")$image), format(digits$image[digits$label == "1"]))
  expect_identical(rbind(digits[1:2, ], digits[3:6, ])$image, digits$image)
  expect_identical(dplyr::bind_rows(digits[1:2, ], digits[3:6, ])$image, digits$image)
  set.seed(1)
  drawn <- dplyr::sample_n(digits, 3)
  set.seed(1)
  expect_identical(drawn$image, digits$image[sample(6, 3)])
  expect_identical(dplyr::mutate(digits, image = rev(image))$image, digits$image[6:1])
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(digits, file)
  expect_identical(readRDS(file), digits)
  # what was moved about is still read as the same pictures
  ppl <- pipeline(model = example_model("digits"), device = "cpu", top_k = 1)
  expect_identical(ppl(digits[6:1, ])$label, rev(ppl(digits)$label))
})

test_that("examples feed a network as they are", {
  skip_without_python()
  set.seed(1)
  fit <- nnet(education ~ . - CASE, example_data("bigfive"), size = 1, maxit = 5, trace = FALSE)
  expect_identical(fit$n, c(7, 1, 5))
})

test_that("a frame with images can be summarised and written", {
  digits <- example_data("digits", split = "test[:2]")
  expect_match(capture.output(summary(digits))[[1]], "image")
  expect_match(capture.output(write.csv(digits))[[2]], "<img 8", fixed = TRUE)
})
