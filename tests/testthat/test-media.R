# Images and sounds as R has them, and as vectors of their own in tibbles.

test_that("rasters, arrays and raw vectors are images", {
  skip_without_python()
  ppl <- pipeline(model = example_model("digits"), device = "cpu", top_k = 1)
  grey <- matrix((0:63) / 63, 8, 8)
  found <- ppl(list(grDevices::as.raster(grey), grey, array(rep(grey, 3), c(8, 8, 3))))
  expect_identical(format(found$image), c("<img 8\u00d78 RGB>", "<img 8\u00d78 L>", "<img 8\u00d78 RGB>"))
  expect_scores(found$score, rep(found$score[[1]], 3))
  expect_identical(ppl(grDevices::as.raster(grey))$label, found$label[1])
  bytes <- vctrs::vec_data(example_data("digits", split = "test[:1]")$image)[[1]]$bytes
  expect_identical(nrow(ppl(bytes)), 1L)
  expect_identical(ppl(bytes)$label, ppl(list(bytes))$label)
})

test_that("a raster keeps its rows, columns, colours and transparency", {
  colours <- matrix(c("#FF0000", "#00FF00", "#0000FF", "#FFFFFF80", "#000000", "#336699"), 2, byrow = TRUE)
  pixels <- raster_array(grDevices::as.raster(colours))
  expect_identical(dim(pixels), c(2L, 3L, 4L))
  expect_equal(pixels[1, 2, ], c(0, 1, 0, 1))
  expect_equal(pixels[2, 1, 4], 128 / 255)
  expect_equal(pixels[2, 3, ], c(51, 102, 153, 255) / 255)
  native <- structure(c(-16776961L, -16711936L), dim = 1:2, class = "nativeRaster") # red, green
  expect_equal(raster_array(native)[1, , ], rbind(c(1, 0, 0, 1), c(0, 1, 0, 1)))
})

test_that("sounds are a vector of their own that survives what people do with tibbles", {
  skip_without_python()
  sound <- list(array = sin(seq(0, 100, length.out = 8000)), sampling_rate = 16000)
  heard <- call_python("as_audio_column", list(values = list(sound, NULL, sound)))
  expect_s3_class(heard, "tidydl_audio")
  expect_identical(format(heard), c("<audio 0.50 s 16000 Hz>", NA, "<audio 0.50 s 16000 Hz>"))
  data <- tibble::tibble(n = 1:3, audio = heard)
  expect_identical(format(data[c(3, 2), ]$audio), c("<audio 0.50 s 16000 Hz>", NA))
  expect_identical(format(vctrs::vec_rbind(data, data)$audio), rep(format(heard), 2))
  expect_match(utils::capture.output(print(data))[[4]], "<audio 0.50 s 16000 Hz>", fixed = TRUE)
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(data, file)
  expect_identical(readRDS(file), data)
  expect_identical(echo(data), data)
  wav <- withr::local_tempfile(fileext = ".wav")
  writeBin(vctrs::vec_data(heard)[[1]]$bytes, wav)
  again <- call_python("as_audio_column", list(values = list(wav)))
  expect_identical(as.character(again), wav)
  expect_identical(format(again), "<audio 0.50 s 16000 Hz>")
})

test_that("images are told apart, counted and joined by what they hold", {
  skip_without_python()
  digits <- example_data("digits", split = "test[:3]")
  twice <- vctrs::vec_rbind(digits, digits[1, ])
  expect_identical(nrow(dplyr::distinct(twice)), 3L)
  expect_identical(dplyr::count(twice, image)$n, c(2L, 1L, 1L))
  expect_identical(dplyr::n_distinct(twice$image), 3L)
  expect_identical(nrow(dplyr::anti_join(digits, digits[1:2, ], by = "image")), 1L)
  expect_identical(unique(twice$image), digits$image)
})

test_that("an image that is gone is missing, and one that is damaged is damaged", {
  skip_without_python()
  folder <- withr::local_tempdir()
  bytes <- vctrs::vec_data(example_data("digits", split = "test[:1]")$image)[[1]]$bytes
  dir.create(file.path(folder, "a"))
  for (name in c("one.png", "two.png")) writeBin(bytes, file.path(folder, "a", name))
  images <- load_dataset(folder)$image
  file.remove(file.path(folder, "a", "one.png"))
  writeBin(bytes[1:20], file.path(folder, "a", "two.png"))
  expect_identical(format(echo(images)), c("<img missing>", "<img damaged>"))
})

test_that("no images and another interpolation than TRUE or FALSE are refused", {
  skip_without_python()
  image <- example_data("digits", split = "test[:2]")$image
  expect_error(plot(image[0]), "`x` has no images", class = "tidydl_error_data")
  expect_error(plot(image[1], interpolate = "a"), "TRUE or FALSE", class = "tidydl_error_argument")
})
