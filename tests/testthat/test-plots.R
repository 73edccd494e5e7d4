lines_of <- function(picture, layer = 1) ggplot2::layer_data(picture, layer)

test_that("a network diagram has a line for each weight and a circle for each unit", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  set.seed(1)
  fit <- nnet(Species ~ ., iris, size = 2, maxit = 20, trace = FALSE)
  picture <- plotnet(fit)
  expect_s3_class(picture, "ggplot")
  expect_identical(nrow(lines_of(picture)), length(fit$wts))
  expect_identical(sum(lines_of(picture)$colour == "black"), sum(fit$wts > 0))
  expect_identical(nrow(lines_of(picture, 2)), 4L + 2L + 3L + 2L)
  expect_identical(nrow(lines_of(plotnet(fit, bias = FALSE))), 4L * 2L + 2L * 3L)
})

test_that("all lines look alike where sign and size are not to be shown", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  lines <- lines_of(plotnet(nnet(Species ~ ., iris, size = 1, maxit = 5, trace = FALSE), nid = FALSE))
  expect_identical(unique(lines$colour), "black")
  expect_lt(diff(range(lines[[intersect(c("linewidth", "size"), names(lines))[[1]]]])), 1e-8)
})

test_that("networks of package nnet are drawn too, with the names that are given", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  fit <- nnet::nnet(Sepal.Width ~ Petal.Width + Petal.Length, iris, size = 3, linout = TRUE, trace = FALSE)
  picture <- plotnet(fit, x_lab = c("width", "length"), y_lab = "sepal")
  expect_identical(nrow(lines_of(picture)), length(fit$wts))
  expect_identical(lines_of(picture, 4)$label, c("width", "length"))
  expect_identical(lines_of(picture, 5)$label, "sepal")
})

test_that("plot_images() draws every pixel of every image, with the label as caption", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  shades <- load_dataset(shared_file("data", "shades"))
  picture <- plot_images(shades)
  colours <- table(lines_of(picture)$fill)
  expect_identical(as.integer(colours[c("#141414", "#E6E6E6")]), c(12L, 12L))
  expect_identical(lines_of(picture, 2)$label, c("dark", "light"))
  only_dark <- lines_of(plot_images(shades$image, n = 1))$fill
  expect_identical(sum(only_dark == "#141414"), 12L)
  expect_false("#E6E6E6" %in% only_dark)
  expect_identical(lines_of(plot_images(shades, n = 1, caption = "rather label"), 2)$label, "rather dark")
})

test_that("plot_images() draws the rows that sample_n() would", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  skip_if_not_installed("dplyr")
  digits <- example_data("digits", split = "test")
  set.seed(3)
  drawn <- as.character(dplyr::sample_n(digits, 5)$label)
  expect_identical(lines_of(plot_images(digits, n = 5, seed = 3), 2)$label, drawn)
})
