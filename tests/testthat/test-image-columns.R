# Images stay images through what people do to data frames.

three <- function() {
  data <- example_data("digits", split = "test[:4]")
  data$image[3] <- NA
  attr(data, "tidydl") <- NULL
  data$id <- 1:4
  data
}

expect_images <- function(data, ids, digits) {
  found <- if (is.list(data$image) && !is_image(data$image)) do.call(c, data$image) else data$image
  expect_s3_class(found, "tidydl_image")
  expect_identical(vctrs::vec_data(found), vctrs::vec_data(digits$image[ids]))
}

test_that("rows are picked, sorted, bound and joined", {
  skip_without_python()
  testthat::skip_if_not_installed("dplyr")
  digits <- three()
  expect_images(digits[c(2, 4), ], c(2, 4), digits)
  expect_images(dplyr::filter(digits, id > 1), 2:4, digits)
  expect_images(dplyr::filter(digits, !is.na(image)), c(1, 2, 4), digits)
  expect_images(dplyr::arrange(digits, dplyr::desc(id)), 4:1, digits)
  expect_images(dplyr::slice(digits, 3:4), 3:4, digits)
  expect_images(dplyr::bind_rows(digits, digits[1, ]), c(1:4, 1), digits)
  expect_images(rbind(digits, digits[1, ]), c(1:4, 1), digits)
  expect_images(dplyr::bind_rows(digits[1, ], tibble::tibble(id = 9L)), c(1, 3), digits)
  set.seed(1)
  drawn <- dplyr::sample_n(digits, 3)
  expect_images(drawn, drawn$id, digits)
  names <- tibble::tibble(id = c(4L, 1L, 5L), name = c("d", "a", "e"))
  expect_images(dplyr::left_join(digits, names, by = "id"), 1:4, digits)
  expect_images(dplyr::left_join(names, digits, by = "id"), c(4, 1, 3), digits)
  expect_images(merge(digits, names), c(1, 4), digits)
})

test_that("images are changed, grouped, nested and pivoted", {
  skip_without_python()
  testthat::skip_if_not_installed("dplyr")
  digits <- three()
  expect_images(dplyr::mutate(digits, image = rev(image)), 4:1, digits)
  expect_images(dplyr::mutate(digits, image = dplyr::if_else(id == 2L, image[1], image)), c(1, 1, 3, 4), digits)
  expect_images(dplyr::mutate(digits, other = image), 1:4, digits)
  grouped <- dplyr::group_by(digits, odd = id %% 2)
  expect_images(dplyr::summarise(grouped, image = list(image)), c(2, 4, 1, 3), digits)
  expect_images(dplyr::summarise(grouped, image = image[1]), c(2, 1), digits)
  expect_identical(nrow(dplyr::distinct(digits, image)), 4L)
  testthat::skip_if_not_installed("tidyr")
  twice <- dplyr::transmute(digits, id, first = image, second = image)
  long <- tidyr::pivot_longer(twice, -id, values_to = "image")
  expect_images(long, rep(1:4, each = 2), digits)
  wide <- tidyr::pivot_wider(long, names_from = "name", values_from = "image")
  expect_s3_class(wide$second, "tidydl_image")
  expect_images(tidyr::unnest(tidyr::nest(digits, data = -id), "data"), 1:4, digits)
})

test_that("images survive saveRDS(), and pipelines take what is left of them", {
  skip_without_python()
  digits <- three()
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(digits, file)
  kept <- readRDS(file)
  expect_identical(kept, digits)
  expect_images(load_dataset(file, trusted = TRUE), 1:4, digits)
  ppl <- pipeline(model = example_model("digits"))
  found <- ppl(kept[c(4, 3, 1), ], image = image, top_k = 1)
  expect_identical(as.character(found$label), c(as.character(digits$label[4]), NA, as.character(digits$label[1])))
})

test_that("labels are factors whose codes count from 1", {
  skip_without_python()
  digits <- three()
  expect_s3_class(digits$label, "factor")
  expect_identical(levels(digits$label)[as.integer(digits$label)], as.character(digits$label))
  expect_identical(as.integer(digits$label[1]), as.integer(as.character(digits$label[1])) + 1L)
})

test_that("an image is a raster, several are a list of them", {
  skip_without_python()
  digits <- three()
  one <- as.raster(digits$image[1])
  expect_s3_class(one, "raster")
  expect_identical(dim(one), c(8L, 8L))
  several <- as.raster(digits$image)
  expect_identical(several[[1]], one)
  expect_null(several[[3]])
  shades <- load_dataset(shared_file("data", "shades"))
  expect_identical(dim(as.raster(shades$image[1])), c(3L, 4L))
  made <- pipeline(model = example_model("digits"))(list(grDevices::as.raster(matrix(0:63 / 63, 8))), top_k = 1)
  expect_identical(dim(as.raster(made$image)), c(8L, 8L))
})

test_that("plot() draws an image, and several in a grid", {
  skip_without_python()
  digits <- three()
  grDevices::pdf(NULL)
  withr::defer(grDevices::dev.off())
  expect_identical(withVisible(plot(digits$image[1])), list(value = digits$image[1], visible = FALSE))
  testthat::skip_if_not_installed("ggplot2")
  expect_identical(length(plot(digits$image)), 4L)
})
