# A tibble to a parquet file and back: identical but for the note of where it came from.

back <- function(data) {
  file <- withr::local_tempfile(fileext = ".parquet")
  write_dataset(data, file)
  plainly(load_dataset(file))
}

plainly <- function(loaded) {
  attr(loaded, "tidydl") <- NULL
  loaded
}

kinds_of_columns <- function() {
  moments <- as.POSIXct(c("2024-02-29 10:30:00", NA, "1969-12-31 23:59:59.5"), tz = "UTC")
  tibble::tibble(
    double = c(1.5, NA, -Inf),
    whole_double = c(1, NA, 3),
    integer = c(1L, NA, -7L),
    logical = c(TRUE, NA, FALSE),
    character = c("caf\u00e9", NA, ""),
    factor = factor(c("b", NA, "a"), levels = c("b", "a", "unused")),
    ordered = factor(c("low", NA, "high"), levels = c("low", "high"), ordered = TRUE),
    date = as.Date(c("2024-02-29", NA, "1582-10-15")),
    utc = moments,
    berlin = as.POSIXct(moments, tz = "Europe/Berlin"),
    honolulu = structure(moments, tzone = "Pacific/Honolulu"),
    duration = as.difftime(c(90, NA, -0.5), units = "secs"),
    numbers = list(c(1, 2.5), NULL, c(3, 4, 5)),
    integers = list(1L, NULL, 2:4),
    texts = list("a", NULL, c("b", "c")),
    flags = list(TRUE, NULL, c(FALSE, TRUE))
  )
}

test_that("every kind of column comes back as it was, with what is missing", {
  skip_without_python()
  data <- kinds_of_columns()
  attr(data$berlin, "tzone") <- "Europe/Berlin"
  found <- back(data)
  for (name in names(data)) {
    expect_identical(found[[name]], data[[name]], label = name)
  }
  expect_identical(found, data)
})

test_that("no rows, and columns of nothing but missing values, come back", {
  skip_without_python()
  data <- kinds_of_columns()[1:12]
  expect_identical(back(data[0, ]), data[0, ])
  gone <- data[c(2, 2), ]
  expect_identical(back(gone), gone)
})

test_that("images and sounds come back by their contents and by their paths", {
  skip_without_python()
  digits <- example_data("digits", split = "test[:3]")
  digits$image[2] <- NA
  digits <- plainly(digits)
  expect_identical(back(digits), digits)
  folder <- normalizePath(shared_file("data", "shades"))
  shades <- plainly(load_dataset(folder))
  expect_identical(back(shades), shades)
  expect_true(all(grepl(folder, as.character(shades$image), fixed = TRUE)))
})

test_that("splits come back by name and in order", {
  skip_without_python()
  folder <- file.path(withr::local_tempdir(), "parts")
  parts <- list(train = tibble::tibble(x = 1:3), test = tibble::tibble(x = 4L))
  expect_identical(withVisible(write_dataset(parts, folder))$visible, FALSE)
  found <- load_dataset(folder)
  expect_identical(lapply(unclass(found), plainly), parts)
})

test_that("what cannot be written says so", {
  skip_without_python()
  data <- tibble::tibble(x = 1)
  expect_error(write_dataset(data, file.path(tempdir(), "x.csv")), class = "tidydl_error_argument")
  expect_error(write_dataset(data, file.path(tempdir(), "no", "x.parquet")), class = "tidydl_error_storage")
  expect_error(write_dataset(1:3, tempfile(fileext = ".parquet")), class = "tidydl_error_argument")
})
