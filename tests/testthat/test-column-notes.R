noted_file <- function(notes) {
  pa <- reticulate::import("pyarrow")
  file <- withr::local_tempfile(fileext = ".parquet", .local_envir = parent.frame())
  table <- pa$table(list(x = list(1L, 2L)))
  pa$parquet$write_table(table$replace_schema_metadata(list(tidydl = notes)), file)
  file
}

test_that("notes of a file that fit to nothing say nothing", {
  skip_without_python()
  reticulate::import("pyarrow.parquet")
  for (notes in c(
    '{"r": {"x": {"attributes": {"labels": {"values": [1], "names": ["a", "b"]}}}}}',
    '{"r": {"x": {"attributes": {"label": "x"}}}}', '{"r": {"x": {"each": 5}}}', '{"r": {"x": {"class": {"a": 1}}}}',
    '{"dtypes": [1]}', '{"levels": [1], "dtypes": {"x": "frames"}}', '{"dtypes": {"x": "frames"}, "levels": {"x": 3}}'
  )) {
    expect_equal(as.vector(load_dataset(noted_file(notes))$x), 1:2)
  }
})

test_that("times far away are written as they are, or refused", {
  skip_without_python()
  file <- withr::local_tempfile(fileext = ".parquet")
  for (seconds in c(1e9 + 0.123456789, 1e12, -1e13, 1e15)) {
    for (time in list(as.POSIXct(seconds, origin = "1970-01-01", tz = "UTC"), as.difftime(seconds, units = "secs"))) {
      write_dataset(tibble::tibble(x = time), file)
      expect_equal(as.numeric(load_dataset(file)$x, units = "secs"), seconds, tolerance = 1e-15)
    }
  }
  far <- tibble::tibble(x = as.POSIXct(1e17, origin = "1970-01-01", tz = "UTC"))
  expect_error(write_dataset(far, file), "seconds away", class = "tidydl_error_data")
})

test_that("days far away are written as they are, or refused", {
  skip_without_python()
  file <- withr::local_tempfile(fileext = ".parquet")
  days <- as.Date(c(1e9, 1e10, 4e9, -3e9, NA), origin = "1970-01-01")
  write_dataset(tibble::tibble(x = days), file)
  expect_equal(load_dataset(file)$x, days)
  far <- tibble::tibble(x = as.Date(1e14, origin = "1970-01-01"))
  expect_error(write_dataset(far, file), "seconds away", class = "tidydl_error_data")
})
