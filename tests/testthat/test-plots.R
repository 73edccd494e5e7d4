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
  picture <- plotnet(fit, x_names = c("width", "length"), y_names = "sepal")
  expect_identical(nrow(lines_of(picture)), length(fit$wts))
  expect_identical(lines_of(picture, 4)$label, c("width", "length"))
  expect_identical(lines_of(picture, 5)$label, "sepal")
})

test_that("a skip layer is dashed beside the other weights, and may be drawn alone", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  fit <- nnet::nnet(Species ~ ., iris, size = 2, skip = TRUE, trace = FALSE, maxit = 5)
  picture <- plotnet(fit)
  expect_identical(lines_of(picture, 1)$linetype, rep("longdash", 12))
  expect_identical(nrow(lines_of(picture, 2)), length(fit$wts) - 12L)
  expect_identical(nrow(lines_of(plotnet(fit, skip = TRUE))), 12L)
  expect_identical(nrow(lines_of(plotnet(fit, skip = FALSE))), length(fit$wts) - 12L)
  direct <- nnet::nnet(Species ~ ., iris, size = 0, skip = TRUE, trace = FALSE, maxit = 5)
  expect_identical(unique(lines_of(plotnet(direct))$linetype), "solid")
})

test_that("pruned weights are drawn only where they have a colour", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  fit <- nnet(Sepal.Width ~ Petal.Width, iris,
    size = 1, linout = TRUE, trace = FALSE, maxit = 3, mask = c(TRUE, FALSE, TRUE, TRUE), Wts = c(0.1, 0, 0.1, 0.1)
  )
  expect_identical(nrow(lines_of(plotnet(fit))), 3L)
  pruned <- lines_of(plotnet(fit, prune_col = "red", prune_lty = "dotted"))
  expect_identical(c(pruned$colour, pruned$linetype), c("red", "dotted"))
})

test_that("a multinomial model is drawn without its reference class", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  fit <- nnet::multinom(Species ~ Petal.Width, iris, trace = FALSE)
  picture <- plotnet(fit)
  expect_identical(nrow(lines_of(picture)), 4L)
  expect_identical(lines_of(picture, 3)$label, c("I1", "I2", "O1", "O2", "O3"))
  expect_identical(lines_of(picture, 5)$label, c("setosa", "versicolor", "virginica"))
})

test_that("autoplot() of a network is its training curve, of several a curve each", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  set.seed(1)
  fit <- nnet(Species ~ ., iris, size = 2, maxit = 40, trace = FALSE)
  curve <- ggplot2::autoplot(fit)
  expect_equal(lines_of(curve)$x, as.double(fit$tidydl$curve$iteration))
  expect_equal(lines_of(curve)$y, log10(fit$tidydl$curve$value)) # it falls by more than a factor of 10
  several <- nnet(Species ~ ., iris, size = 1, maxit = 10, trace = FALSE, repeats = 3)
  expect_identical(length(unique(lines_of(ggplot2::autoplot(several))$colour)), 3L)
})

test_that("autoplot() draws importance, profiles and a confusion", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  set.seed(1)
  fit <- nnet(Species ~ ., iris, size = 2, maxit = 40, decay = 0.01, trace = FALSE)
  sums <- olden(fit)
  bars <- lines_of(ggplot2::autoplot(sums))
  expect_equal(sort(bars$xmax - bars$xmin), sort(abs(sums$importance)))
  expect_identical(sum(bars$fill == "#BEBEBE"), sum(sums$importance < 0))
  shuffled <- ggplot2::autoplot(importance(fit, "permutation", iris, repeats = 3, seed = 1))
  expect_identical(length(shuffled$layers), 3L)
  profiles <- ggplot2::autoplot(lekprofile(fit, iris, steps = 4))
  expect_identical(nrow(lines_of(profiles)), 4L * 6L * 4L * 3L)
  held <- ggplot2::autoplot(lekprofile(fit, iris, group_vals = 3, group_show = TRUE))
  expect_identical(nrow(lines_of(held)), 3L * 4L)
  tiles <- ggplot2::autoplot(confusion(fit))
  expect_equal(lines_of(tiles, 2)$label, confusion(fit)$n)
})

test_that("what has lost its columns is not drawn", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  counts <- confusion(data.frame(true = c("a", "b"), said = c("a", "a")), true, said)
  expect_error(ggplot2::autoplot(counts[1:2]), "lacks the column 'n'", class = "tidydl_error_column")
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

test_that("autoplot() is there with ggplot2 attached before, after and not at all", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  attached <- c("library(tidydl)", "library(ggplot2)")
  for (order in list(1, 1:2, 2:1)) {
    script <- withr::local_tempfile(fileext = ".R")
    writeLines(c(
      attached[order], "set.seed(1)", "fit <- nnet(Species ~ Sepal.Width, iris, size = 1, maxit = 5, trace = FALSE)",
      "autoplot.of_mine <- function(object, ...) 'mine'",
      "stopifnot(inherits(autoplot(fit), 'ggplot'), inherits(ggplot2::autoplot(confusion(fit)), 'ggplot'))",
      "stopifnot(identical(autoplot(structure(1, class = 'of_mine')), 'mine'))"
    ), script)
    expect_no_error(run_fresh(script, paste0("RETICULATE_PYTHON=", Sys.getenv("RETICULATE_PYTHON"))))
  }
})

test_that("pictures have a white background", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  skip_if_not_installed("png")
  fit <- nnet(Species ~ Sepal.Width, iris, size = 1, maxit = 5, trace = FALSE)
  digits <- example_data("digits", split = "test")
  for (picture in list(autoplot(confusion(fit)), plotnet(fit), plot_images(digits, 2))) {
    file <- withr::local_tempfile(fileext = ".png")
    ggplot2::ggsave(file, picture, width = 3, height = 3, dpi = 40)
    pixels <- png::readPNG(file)
    expect_true(all(pixels[1, 1, ] == 1))
    expect_true(dim(pixels)[[3]] == 3 || all(pixels[, , 4] == 1))
  }
})
